import { EventBridgeClient, PutEventsCommand, type PutEventsResultEntry } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { instantPacing } from './pacing.ts';
import { eventSource, serviceLimits } from '../../../src/adapters/aws/config.ts';
import { eventBridgeBus } from '../../../src/adapters/aws/event-bus.ts';
import type { LaneOf } from '../../../src/adapters/aws/lanes.ts';
import { refusalBackoff } from '../../../src/adapters/aws/retry.ts';
import { withInvocation } from '../../../src/adapters/aws/invocation.ts';
import { Spending } from '../../../src/adapters/aws/spending.ts';
import { noUsage, type Usage } from '../../../src/adapters/aws/usage.ts';
import { stepEvent, type WorkflowEvent } from '../../../src/core/event.ts';
import { eventSchemas } from '../../../src/events/index.ts';

const service = mockClient(EventBridgeClient);

// Other files of this worker use the client as it is.
afterAll(() => service.restore());
const base = { workflowId: 'workflow', runId: 'run', epoch: 1, hop: 0, time: 0 };

beforeEach(() => {
  service.reset();
});

function busOf(stepEnds = true, laneOf: LaneOf = () => undefined) {
  const pacing = instantPacing();
  const client = new EventBridgeClient({ region: 'us-east-1' });
  return { pacing, bus: eventBridgeBus({ client, busName: 'bus', pacing, stepEnds, laneOf }) };
}

function events(
  count: number,
  type: 'workflow.step.run' | 'workflow.step.end' = 'workflow.step.run',
): WorkflowEvent[] {
  return Array.from({ length: count }, (_, entry) =>
    stepEvent(base, type, { key: { entry }, turn: 'turn', stepId: `step-${entry}` }),
  );
}

/** Step ids of each request, in the order of the requests. */
function requests(): string[][] {
  return service
    .commandCalls(PutEventsCommand)
    .map((call) =>
      (call.args[0].input.Entries ?? []).map(
        ({ Detail }) => (JSON.parse(Detail ?? '') as WorkflowEvent).stepId ?? '',
      ),
    );
}

/** Answers each entry by what `answer` gives for its step and the number of times it came. */
function answerBy(answer: (stepId: string, time: number) => PutEventsResultEntry): void {
  const times = new Map<string, number>();
  service.on(PutEventsCommand).callsFake((input: PutEventsCommand['input']) => ({
    Entries: (input.Entries ?? []).map(({ Detail }) => {
      const { stepId = '' } = JSON.parse(Detail ?? '') as WorkflowEvent;
      const time = (times.get(stepId) ?? 0) + 1;
      times.set(stepId, time);
      return answer(stepId, time);
    }),
  }));
}

const accepted: PutEventsResultEntry = { EventId: 'id' };
const throttled: PutEventsResultEntry = { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' };

describe('publishing on EventBridge', () => {
  test('says which thing happened, and whether it is work', async () => {
    answerBy(() => accepted);
    const [event] = events(1);
    if (event === undefined) throw new TypeError('there is one');
    await busOf().bus.publish([event]);
    expect(service.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries).toEqual([
      {
        EventBusName: 'bus',
        Source: eventSource,
        DetailType: 'workflow.step.run',
        Detail: JSON.stringify(event),
      },
    ]);
    expect(event.work).toBe(true);
  });

  test('sends nothing for no events', async () => {
    await busOf().bus.publish([]);
    expect(requests()).toEqual([]);
  });

  test('puts at most ten entries into a request', async () => {
    answerBy(() => accepted);
    await busOf().bus.publish(events(95));
    expect(requests().map((batch) => batch.length)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
    expect(requests().flat()).toEqual(events(95).map(({ stepId }) => stepId));
  });

  test('keeps a request below a megabyte', async () => {
    answerBy(() => accepted);
    const large = events(8).map((event) => ({ ...event, id: 'ü'.repeat(120_000) }));
    await busOf().bus.publish(large);
    const sizes = service
      .commandCalls(PutEventsCommand)
      .map((call) =>
        (call.args[0].input.Entries ?? []).reduce(
          (sum, { Detail }) => sum + Buffer.byteLength(Detail ?? ''),
          0,
        ),
      );
    expect(sizes).toHaveLength(2);
    for (const size of sizes) expect(size).toBeLessThan(serviceLimits.putEventsBytes);
    expect(requests().flat()).toHaveLength(8);
  });

  test('leaves out the ends of steps where they are switched off', async () => {
    answerBy(() => accepted);
    await busOf(false).bus.publish([...events(2, 'workflow.step.end'), ...events(1)]);
    expect(requests()).toEqual([['step-0']]);
  });
});

describe('a request that is accepted in part', () => {
  test('is sent again with what was refused, and with nothing else', async () => {
    const refusals = new Map([
      ['step-3', 1],
      ['step-7', 2],
    ]);
    answerBy((stepId, time) => (time <= (refusals.get(stepId) ?? 0) ? throttled : accepted));
    const { bus, pacing } = busOf();
    await bus.publish(events(10));
    expect(requests()).toEqual([events(10).map(({ stepId }) => stepId), ['step-3', 'step-7'], ['step-7']]);
    expect(pacing.pauses).toEqual([refusalBackoff.baseMs, 2 * refusalBackoff.baseMs]);
  });

  test('rejects when an entry is refused again and again', async () => {
    answerBy((stepId) => (stepId === 'step-1' ? throttled : accepted));
    await expect(busOf().bus.publish(events(3))).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
      message: expect.stringContaining('ThrottlingException: slow down') as string,
    });
    expect(requests()).toHaveLength(refusalBackoff.tries);
  });

  test('rejects at once when a repetition cannot mend it', async () => {
    answerBy(() => ({ ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'no' }));
    await expect(busOf().bus.publish(events(1))).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
    });
    expect(requests()).toHaveLength(1);
  });

  test('is sent again where the answer says nothing about an entry', async () => {
    service
      .on(PutEventsCommand)
      .resolvesOnce({ Entries: [accepted] })
      .resolves({ Entries: [accepted] });
    await busOf().bus.publish(events(2));
    expect(requests()).toEqual([['step-0', 'step-1'], ['step-1']]);
  });

  test('does not hide the refusals of another batch', async () => {
    answerBy((stepId) => (stepId === 'step-14' ? { ErrorCode: 'MalformedDetail' } : accepted));
    await expect(busOf().bus.publish(events(20))).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
    });
  });
});

test('a request that fails as a whole rejects with its reason', async () => {
  const cause = Object.assign(new Error('no route'), { name: 'NetworkingError' });
  service.on(PutEventsCommand).rejects(cause);
  await expect(busOf().bus.publish(events(1))).rejects.toMatchObject({
    code: 'WORKFLOW_BACKEND_UNAVAILABLE',
    cause,
  });
});

test('writes the lane into an event that is work, and into no other', async () => {
  service.on(PutEventsCommand).callsFake((input: PutEventsCommand['input']) => ({
    Entries: (input.Entries ?? []).map(() => accepted),
  }));
  const long = { name: 'long', queueUrl: 'https://sqs.test/long', queueArn: 'arn:aws:sqs:::long' };
  const { bus } = busOf(true, ({ stepId }) => (stepId === 'step-1' ? long : undefined));
  await bus.publish([...events(2), ...events(2, 'workflow.step.end')]);
  const details = service
    .commandCalls(PutEventsCommand)
    .flatMap((call) => call.args[0].input.Entries ?? [])
    .map(({ Detail }) => JSON.parse(Detail ?? '') as { type: string; stepId: string; lane?: string });
  expect(details.map(({ type, stepId, lane }) => [type, stepId, lane])).toEqual([
    ['workflow.step.run', 'step-0', undefined],
    ['workflow.step.run', 'step-1', 'long'],
    ['workflow.step.end', 'step-0', undefined],
    ['workflow.step.end', 'step-1', undefined],
  ]);
});

test('an event carries the trace of the invocation that it is published in, and none without one', async () => {
  answerBy(() => accepted);
  let header: string | undefined = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1';
  const client = new EventBridgeClient({ region: 'us-east-1' });
  const traceHeader = (): string | undefined => header;
  const bus = eventBridgeBus({
    client,
    busName: 'bus',
    pacing: instantPacing(),
    stepEnds: true,
    traceHeader,
  });
  await bus.publish(events(1));
  header = undefined;
  await bus.publish(events(1));
  const entries = service.commandCalls(PutEventsCommand).map((call) => call.args[0].input.Entries?.[0]);
  expect(entries[0]?.TraceHeader).toBe('Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1');
  expect(entries[1]).not.toHaveProperty('TraceHeader');
});

test('what a handling adds to its events is in their schemas', async () => {
  service.on(PutEventsCommand).resolves({ Entries: [accepted, accepted] });
  const { bus } = busOf(true, () => ({
    name: 'slow',
    queueUrl: 'https://queue.example',
    queueArn: 'arn:aws:sqs:a:1:slow',
  }));
  const meter = new Spending({ now: () => 0, gigabytes: 0.5, before: { invocations: 1 } });
  const place = { key: { entry: 0 }, turn: 'turn', stepId: 'step' };
  const run = stepEvent(base, 'workflow.step.run', place);
  const end = stepEvent(base, 'workflow.step.end', { ...place, status: 'success' });
  await withInvocation({ deadline: Date.now() + 60_000, meter }, () => bus.publish([run, end]));
  const [call] = service.commandCalls(PutEventsCommand);
  const details = (call?.args[0].input.Entries ?? []).map(
    ({ Detail }) => JSON.parse(Detail ?? '') as WorkflowEvent,
  );
  expect(details).toHaveLength(2);
  expect(details[0]).toMatchObject({ lane: 'slow', spent: { mi: 1, me: 2 } });
  for (const detail of details) {
    const closed = { ...eventSchemas[detail.type], additionalProperties: false };
    expect(z.fromJSONSchema(closed as never).safeParse(detail)).toMatchObject({ data: detail });
  }
});

describe('what a handling has used', () => {
  const used = { invocations: 1 };

  async function openAfter(published: readonly WorkflowEvent[]): Promise<Usage> {
    const meter = new Spending({ now: () => 0, gigabytes: 0.5, before: used });
    await withInvocation({ deadline: Number.POSITIVE_INFINITY, meter }, () =>
      busOf().bus.publish(published),
    ).catch(() => {});
    return meter.take({});
  }

  test('stays with the handling when its event is not sent', async () => {
    service.on(PutEventsCommand).rejects(Object.assign(new Error('no route'), { name: 'NetworkingError' }));
    expect(await openAfter(events(1))).toEqual({ ...noUsage(), ...used });
  });

  test('stays with the handling when an event is too large for any request', async () => {
    const [event] = events(1);
    if (event === undefined) throw new TypeError('there is one');
    const large = { ...event, stepId: 'x'.repeat(serviceLimits.putEventsBytes) };
    expect(await openAfter([large])).toEqual({ ...noUsage(), ...used });
    expect(requests()).toEqual([]);
  });

  test('is gone with its event, though another request is refused', async () => {
    answerBy((stepId) => (stepId === 'step-14' ? { ErrorCode: 'MalformedDetail' } : accepted));
    // Less what was expected of the entries, which the client that counts them would add.
    expect(await openAfter(events(20))).toMatchObject({ invocations: 0, entries: -20 });
  });
});
