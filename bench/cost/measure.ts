import { createRuntime } from 'evented-workflows/runtime';
import { awsBackend } from '../../src/adapters/aws/index.ts';
import { jsonOf } from '../../src/adapters/aws/fields.ts';
import { eventIn } from '../../src/adapters/aws/queue-message.ts';
import { withInvocation } from '../../src/adapters/aws/invocation.ts';
import { deliveryOf, Spending, type SpendingOptions } from '../../src/adapters/aws/spending.ts';
import { addUsage, noUsage, type Usage, usageNames } from '../../src/adapters/aws/usage.ts';
import { systemClock } from '../../src/adapters/system/index.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { createTable } from '../../test/contract/dynamodb-table.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { sequence, type Workload, workloads } from './workloads.ts';

/** Fixed in the formula: time and memory of a step on arm64. */
export const stepMs = 60;
export const gigabytes = 0.5;

/** How a deployment is set, as far as it costs something. */
export interface Setting {
  readonly stepEnds: boolean;
  readonly history: 'full' | 'none';
}

export const settings: readonly Setting[] = [
  { stepEnds: true, history: 'none' },
  { stepEnds: false, history: 'none' },
  { stepEnds: true, history: 'full' },
  { stepEnds: false, history: 'full' },
];

/** One whole run, at batch 1. */
export interface Measured {
  readonly usage: Usage;
  /** Messages that the processor was handed. */
  readonly deliveries: number;
  /** What the run itself shows, and the runs nested in it theirs, all together. */
  readonly shown: number;
}

/** What was measured in one setting. */
export interface Results {
  readonly setting: Setting;
  /** Start and end: a run of one step less what each further step costs. */
  readonly ends: Measured;
  /** Each further step of a sequence. */
  readonly step: Measured;
  /** The workloads, in their order. */
  readonly runs: readonly Measured[];
}

export const tableName = 'cost';
const hour = 3_600_000;

/** Fixed, because a number is billed by its digits: the counts of bytes are the same each time. */
const startedAt = 1_790_000_000_123;

/** Measures all workloads in all settings. `endpoint`: of a DynamoDB Local that has no table of this name. */
export async function measure(endpoint: string, wanted: readonly Setting[] = settings): Promise<Results[]> {
  const cloud = startCloud(endpoint);
  try {
    await prepareTable(cloud);
    const results: Results[] = [];
    for (const setting of wanted) {
      const [one, eleven] = [
        await measureRun(cloud, sequence(1), setting),
        await measureRun(cloud, sequence(11), setting),
      ];
      const runs: Measured[] = [];
      for (const workload of workloads()) runs.push(await measureRun(cloud, workload, setting));
      const step = combined(eleven, one, (more, less) => (more - less) / 10);
      results.push({ setting, ends: combined(one, step, (all, part) => all - part), step, runs });
    }
    return results;
  } finally {
    cloud.close();
  }
}

/** Makes the table in which runs are measured. */
export async function prepareTable({ clients: { dynamodb } }: Cloud): Promise<void> {
  if (dynamodb !== undefined) await createTable(dynamodb, tableName);
}

function combined(a: Measured, b: Measured, combine: (a: number, b: number) => number): Measured {
  const usage = Object.fromEntries(
    usageNames.map((name) => [name, round(combine(a.usage[name], b.usage[name]))]),
  ) as Record<keyof Usage, number>;
  return {
    usage,
    deliveries: round(combine(a.deliveries, b.deliveries)),
    shown: combine(a.shown, b.shown),
  };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

type Given = Pick<SpendingOptions, 'before' | 'carried'>;

/** A call of the API is an invocation of its function. */
const apiCall: Given = { before: { invocations: 1 } };

let runs = 0;

/** Runs a workload to its end, as the functions would, one message at a time. */
async function measureRun(
  cloud: Cloud,
  workload: Workload,
  { stepEnds, history }: Setting,
): Promise<Measured> {
  const runId = `run-${(runs += 1)}`;
  const sum = noUsage();
  let deliveries = 0;
  let now = startedAt;
  const backend = awsBackend({
    tableName,
    busName: 'bench',
    queueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/bench',
    bucket: 'bench',
    stepEnds,
    history,
    clients: cloud.clients,
    // Time passes from one message to the next, so that every timer is due when its message is handed out.
    clock: { ...systemClock, now: () => now },
  });
  const { workflows } = workload;
  const runtime = createRuntime({ workflows, backend, stepEndEvents: stepEnds, history });
  const call = async <T>(given: Given, handle: () => Promise<T>): Promise<T> => {
    const before = { ...given.before, gbMs: stepMs * gigabytes };
    const meter = new Spending({ now: () => 0, gigabytes, stepEnds, ...given, before });
    const result = await withInvocation({ deadline: now + hour, meter }, handle);
    addUsage(sum, meter.total);
    return result;
  };
  const drain = async (): Promise<void> => {
    for (let body = cloud.queue.shift(); body !== undefined; body = cloud.queue.shift()) {
      const [content, bytes] = [jsonOf(body), Buffer.byteLength(body)];
      deliveries += 1;
      now += 1_000;
      await call(deliveryOf(content, bytes, 1), () => runtime.handle(eventIn(content)));
    }
  };
  const [{ id: workflowId } = { id: '' }] = workflows;
  // The first start of a workflow in the life of a process enters it in the list of workflows: not counted.
  await runtime.start({ workflowId, runId: `${runId}-first`, inputData: workload.inputData });
  cloud.queue.length = 0;
  await call(apiCall, () => runtime.start({ workflowId, runId, inputData: workload.inputData }));
  await drain();
  if (workload.resume !== undefined) {
    await call(apiCall, () => runtime.resume({ runId, step: workload.resume ?? '', resumeData: true }));
    await drain();
  }
  const state = await runtime.get({ runId, nested: true });
  if (state?.status !== 'success') throw new Error(`${workload.name} ended ${state?.status}`);
  await runtime.close();
  return { usage: sum, deliveries, shown: await shownBy(backend.store, runId) };
}

/** Dollars that a run and those nested in it show, all together. */
async function shownBy(store: RunStore, runId: string): Promise<number> {
  const run = await store.loadRun(runId);
  let dollars = run?.cost?.dollars ?? 0;
  for (const { childRunId } of run?.records ?? []) {
    if (childRunId !== undefined) dollars += await shownBy(store, childRunId);
  }
  return dollars;
}
