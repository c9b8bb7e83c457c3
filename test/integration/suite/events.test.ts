import { DescribeRuleCommand, ListRuleNamesByTargetCommand } from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import { eventbridge, reaches, stack, start } from '../deployed.ts';
import { observe, type Observer } from '../observer.ts';
import { arnOf } from '../queues.ts';

/** Patterns of the rules that put events into a queue. */
async function patternsInto(queueUrl: string): Promise<string[]> {
  const { RuleNames = [] } = await eventbridge.send(
    new ListRuleNamesByTargetCommand({ EventBusName: stack.BusName, TargetArn: await arnOf(queueUrl) }),
  );
  const rules = await Promise.all(
    RuleNames.map((Name) => eventbridge.send(new DescribeRuleCommand({ EventBusName: stack.BusName, Name }))),
  );
  return rules.map(({ EventPattern }) => EventPattern ?? '');
}

interface Told {
  readonly 'detail-type': string;
  readonly detail: { readonly runId: string; readonly work: boolean };
}

/** All events of a run that come to an observer until one of these types is there. */
async function toldOf(observer: Observer, runId: string, last: string): Promise<Told[]> {
  const told: Told[] = [];
  await expect
    .poll(
      async () => {
        const events = (await observer.take()).map((body) => JSON.parse(body) as Told);
        told.push(...events.filter(({ detail }) => detail.runId === runId));
        return told.some((event) => event['detail-type'] === last);
      },
      { timeout: 60_000, interval: 0 },
    )
    .toBe(true);
  return told;
}

test('no function is invoked by the end of a step, which everybody on the bus is told of', async () => {
  const patterns = await patternsInto(stack.WorkQueueUrl);
  expect(patterns.length).toBeGreaterThan(0);
  const everything = await observe('everything');
  // Each gets what a rule of the work queue puts there.
  const worked = await Promise.all(patterns.map((pattern, at) => observe(`work-${at}`, pattern)));
  try {
    const runId = await start('large', { size: 10 });
    await reaches(runId, 'success');
    const facts = await toldOf(everything, runId, 'workflow.end');
    expect(facts.filter((fact) => fact['detail-type'] === 'workflow.step.end')).toHaveLength(2);
    // The last end of a step has been told, so what it set off is there, or comes within a receive or two.
    const work: string[] = [];
    for (const observer of worked) {
      for (let empty = 0; empty < 3; ) {
        const came = await observer.take();
        work.push(...came);
        empty = came.length > 0 ? 0 : empty + 1;
      }
    }
    const own = work.map((body) => JSON.parse(body) as Told).filter(({ detail }) => detail.runId === runId);
    expect(new Set(own.map((event) => event['detail-type']))).toEqual(new Set(['workflow.step.run']));
  } finally {
    for (const observer of [everything, ...worked]) await observer.remove();
  }
});
