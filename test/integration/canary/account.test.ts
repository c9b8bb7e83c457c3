import { type PutEventsCommandOutput, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListMessageMoveTasksCommand, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { createClient } from 'evented-workflows/client';
import { describe, expect, test } from 'vitest';
import { eventSource } from '../../../src/adapters/aws/config.ts';
import { formatQueueMessage } from '../../../src/adapters/aws/queue-message.ts';
import { base, eventbridge, isAws, reaches, sign, sqs, stack } from '../deployed.ts';
import { observe } from '../observer.ts';
import { arnOf, depth, send } from '../queues.ts';
import type { workflows } from '../stacks/workflows.ts';

/** What only an account can show, and what takes too long for the suite. */

const client = createClient<typeof workflows>({ url: base, ...(sign && { sign }) });
const limits = { timeout: 600_000 };

describe.concurrent('chains that Lambda could take for a loop', () => {
  test('a run of 100 steps, one after the other, goes to its end', limits, async () => {
    const run = await client.workflow('chain-of-100').start({ inputData: { count: 0 } });
    expect(await run.result()).toMatchObject({ status: 'success', result: { count: 100 } });
  });

  test('a loop of 100 iterations goes to its end', limits, async () => {
    const run = await client.workflow('loop').start({ inputData: { count: 0 } });
    expect(await run.result()).toMatchObject({ status: 'success', result: { count: 100 } });
  });
});

/** What is put on the bus under the engine's name, by somebody who may put events on it. */
async function put(Source: string, runId: string): Promise<PutEventsCommandOutput> {
  const detail = { runId, work: false };
  const Entries = [
    {
      EventBusName: stack.BusName,
      Source,
      DetailType: 'workflow.end',
      Detail: JSON.stringify(detail),
    },
  ];
  return await eventbridge.send(new PutEventsCommand({ Entries }));
}

test.runIf(isAws)(
  'a forged event is denied, to an administrator too (an emulator has no policy of a bus)',
  async () => {
    const runId = `forged-${crypto.randomUUID()}`;
    const observer = await observe('forgery');
    try {
      // The same under another name is taken, so it is the name that is denied.
      expect(await put('somebody-else', runId)).toMatchObject({ FailedEntryCount: 0 });
      const forged = await put(eventSource, runId).catch((error: unknown) => error);
      expect(forged).toSatisfy((answer: { name?: string } & Partial<PutEventsCommandOutput>) =>
        answer.FailedEntryCount === undefined
          ? answer.name === 'AccessDeniedException'
          : answer.FailedEntryCount === 1,
      );
      // Another run's facts come, and this one's have not come before them.
      const run = await client.workflow('large').start({ inputData: { size: 1 } });
      const told: string[] = [];
      await expect
        .poll(
          async () => told.push(...(await observer.take())) && told.some((body) => body.includes(run.runId)),
          {
            timeout: 60_000,
            interval: 0,
          },
        )
        .toBe(true);
      expect(told.filter((body) => body.includes(runId))).toEqual([]);
    } finally {
      await observer.remove();
    }
  },
);

test.runIf(isAws)(
  'dead letters that are moved back are handled (an emulator cannot move them)',
  limits,
  async () => {
    const { runId } = await client.workflow('large').start({ inputData: { size: 1 } });
    await reaches(runId, 'success');
    const event = formatQueueMessage({
      format: 1,
      id: crypto.randomUUID(),
      type: 'workflow.step.run',
      work: true,
      workflowId: 'large',
      runId,
      epoch: 1,
      path: [0],
      turn: '0001.000000.0000.001',
      stepId: 'produce',
      hop: 1,
      time: Date.now(),
    });
    const queue = stack.UndeliverableQueueUrl;
    await send(queue, event);
    await expect.poll(() => depth(queue), { timeout: 60_000, interval: 1_000 }).toBe(1);
    const [SourceArn, DestinationArn] = [await arnOf(queue), await arnOf(stack.WorkDeadLetterQueueUrl)];
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
    const minutes = { timeout: 180_000, interval: 2_000 };
    const newestTask = async () => {
      const { Results: [task] = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
      return { status: task?.Status, moved: task?.ApproximateNumberOfMessagesMoved };
    };
    await expect.poll(newestTask, minutes).toEqual({ status: 'COMPLETED', moved: 1 });
    // What is in neither queue after that was taken, and has not failed.
    await expect.poll(() => depth(stack.WorkDeadLetterQueueUrl), minutes).toBe(0);
    expect(await depth(queue)).toBe(0);
  },
);
