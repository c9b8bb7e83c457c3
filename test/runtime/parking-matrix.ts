import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { StepDefinition, WorkflowDefinition } from '../../src/core/definition.ts';
import { isWorkflowError } from '../../src/core/errors.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { add, type Entry, nest, step, workflow } from './fixtures.ts';
import { Deployments, type ParkingPlace } from './parking-bench.ts';

/** A run that stands at the second of three entries while the code changes. */
interface Standing {
  readonly name: string;
  /** The entry it stands at, under an id and in another version of its schemas. */
  entry(id: string, version: number): Entry;
  /** The same id for something else. */
  readonly otherKind: (id: string) => Entry;
  readonly status: string;
  /** Whether the entries are those of a workflow that is nested in the run's. */
  readonly isNested?: true;
  /** Leaves the run's event for the entry in the queue. */
  readonly isQueued?: true;
  readonly input?: unknown;
  /** What makes it go on. */
  goOn(bench: Deployments, runtime: Runtime): Promise<void>;
  /** What the entry makes of a 2, by the version of its schemas. */
  output(version: number): unknown;
}

/** Waits for a number; a later version asks for it by another schema. */
function asking(id: string, version: number): StepDefinition {
  const resumeSchema = version === 1 ? z.number() : z.number().transform((given) => given + 100);
  return step(
    id,
    async ({ inputData, resumeData, suspend }) =>
      resumeData === undefined ? suspend({}) : Number(inputData) + Number(resumeData),
    { resumeSchema },
  );
}

function doubling(id: string, version: number): StepDefinition {
  const inputSchema = version === 1 ? z.number() : z.number().transform((given) => given + 100);
  return step(id, ({ inputData }) => Number(inputData) * 2, { inputSchema });
}

async function answer({ runId }: Deployments, runtime: Runtime): Promise<void> {
  await runtime.resume({ runId, resumeData: 30 });
}

const standings: readonly Standing[] = [
  {
    name: 'suspended',
    entry: asking,
    otherKind: (id) => ({ dountil: [asking(id, 1), () => true] }),
    status: 'suspended',
    goOn: answer,
    output: (version) => (version === 1 ? 32 : 132),
  },
  {
    name: 'sleeping',
    entry: (id, version) => ({ sleep: version * 60_000, id }),
    otherKind: (id) => add(id, 0),
    status: 'waiting',
    goOn: async (bench) => bench.clock.pass(60_000),
    output: () => 2,
  },
  {
    name: 'with a queued event',
    entry: doubling,
    otherKind: (id) => ({ sleep: 0, id }),
    status: 'running',
    isQueued: true,
    goOn: async () => {},
    output: (version) => (version === 1 ? 4 : 204),
  },
  {
    name: 'suspended in a nested run',
    entry: asking,
    otherKind: (id) => ({ dountil: [asking(id, 1), () => true] }),
    status: 'suspended',
    isNested: true,
    goOn: answer,
    output: (version) => (version === 1 ? 32 : 132),
  },
  {
    name: 'suspended in items of a foreach',
    entry: (id, version) => ({ foreach: asking(id, version), concurrency: 2 }),
    otherKind: (id) => ({ parallel: [asking(id, 1), add('beside', 1)] }),
    status: 'suspended',
    input: [1, 2],
    goOn: answer,
    output: (version) => (version === 1 ? [31, 32] : [131, 132]),
  },
];

/** What the code becomes: its entries, and what the run then comes to; null when it has to wait for the code as it was. */
interface Change {
  readonly name: string;
  readonly to: (standing: Standing) => readonly Entry[];
  readonly result: (standing: Standing) => unknown;
}

const first = step('first', ({ inputData }) =>
  Array.isArray(inputData) ? inputData : Number(inputData) + 1,
);
const pass = (id: string): StepDefinition => step(id, ({ inputData }) => inputData);
const last = (id = 'last'): StepDefinition => step(id, ({ inputData }) => ({ [id]: inputData }));

const before: Change['to'] = (standing) => [first, standing.entry('at', 1), last()];

const changes: readonly Change[] = [
  {
    name: 'a step is added before it',
    to: (at) => [pass('extra'), first, at.entry('at', 1), last()],
    result: () => null,
  },
  {
    name: 'a step is added after it',
    to: (at) => [first, at.entry('at', 1), pass('extra'), last()],
    result: (at) => ({ last: at.output(1) }),
  },
  { name: 'a step before it is removed', to: (at) => [at.entry('at', 1), last()], result: () => null },
  { name: 'it is removed', to: () => [first, last()], result: () => null },
  {
    name: 'the step after it is removed',
    to: (at) => [first, at.entry('at', 1)],
    result: (at) => at.output(1),
  },
  {
    name: 'a step before it is renamed',
    to: (at) => [pass('renamed'), at.entry('at', 1), last()],
    result: () => null,
  },
  { name: 'it is renamed', to: (at) => [first, at.entry('renamed', 1), last()], result: () => null },
  {
    name: 'the step after it is renamed',
    to: (at) => [first, at.entry('at', 1), last('renamed')],
    result: (at) => ({ renamed: at.output(1) }),
  },
  {
    name: 'it and the step before it change places',
    to: (at) => [at.entry('at', 1), first, last()],
    result: () => null,
  },
  {
    name: 'its schemas change',
    to: (at) => [first, at.entry('at', 2), last()],
    result: (at) => ({ last: at.output(2) }),
  },
  {
    name: 'it becomes another kind of entry',
    to: (at) => [first, at.otherKind('at'), last()],
    // Nothing is stored of a step that was not begun: the run goes on with what is there under its id.
    result: (at) => (at.isQueued === true ? { last: 2 } : null),
  },
];

function versionOf({ isNested }: Standing, entries: readonly Entry[]): readonly WorkflowDefinition[] {
  if (isNested !== true) return [workflow('w', entries)];
  const inner = workflow('inner', entries);
  return [workflow('w', [nest(inner)]), inner];
}

/** Starts the run with the code as it was, and lets it come to where it stands. */
async function begin(bench: Deployments, standing: Standing): Promise<void> {
  const runtime = await bench.deploy(...versionOf(standing, before(standing)));
  await runtime.start({ workflowId: 'w', runId: bench.runId, inputData: standing.input ?? 1 });
  await bench.drain(({ path }) => standing.isQueued === true && path[0] === 1);
  expect(await runtime.settled({ runId: bench.runId, timeoutMs: 0 })).toBe(standing.status);
}

/** The one run that is parked. */
async function parkedRun(runtime: Runtime) {
  const { headers } = await runtime.list({ parked: true, limit: 10 });
  expect(headers).toHaveLength(1);
  return headers[0];
}

async function expectParked(bench: Deployments, standing: Standing, runtime: Runtime): Promise<void> {
  const refused = standing.goOn(bench, runtime);
  if (standing.status === 'suspended') {
    await expect(refused).rejects.toSatisfy((error) => isWorkflowError(error, 'WORKFLOW_RUN_PARKED'));
  } else await refused;
  await bench.drain();
  const header = await parkedRun(runtime);
  expect(header).toMatchObject({ status: standing.status, parked: { code: 'WORKFLOW_GRAPH_CHANGED' } });
  expect(header?.root).toBe(standing.isNested === true ? bench.runId : undefined);
  // However often it is looked at, it stays so.
  const { parked: looks } = bench;
  await bench.sweep();
  expect(bench.parked).toBeGreaterThan(looks);
  expect((await parkedRun(runtime))?.parked).toEqual(header?.parked);
  const shown = await runtime.get({ runId: bench.runId });
  expect(shown).toMatchObject({
    status: standing.status,
    parked: { code: 'WORKFLOW_GRAPH_CHANGED', since: header?.parked?.since, remedy: header?.parked?.remedy },
  });
}

/** The matrix of what changes and where a run stands, in one place. */
export function parkingMatrix(place: ParkingPlace): void {
  const cases = standings.flatMap((standing) => changes.map((change) => ({ standing, change })));
  describe(`in ${place.name}, of a run that is`, () => {
    test.for(cases)('$standing.name, when $change.name', async ({ standing, change }) => {
      const bench = new Deployments(place);
      onTestFinished(() => bench.close());
      await begin(bench, standing);
      const changed = versionOf(standing, change.to(standing));
      let runtime = await bench.deploy(...changed);
      const wanted = change.result(standing);
      if (wanted === null) {
        await expectParked(bench, standing, runtime);
        runtime = await bench.deploy(...versionOf(standing, before(standing)));
        await bench.sweep();
        expect((await runtime.list({ parked: true, limit: 10 })).headers).toEqual([]);
        if (standing.status === 'suspended') await standing.goOn(bench, runtime);
      } else await standing.goOn(bench, runtime);
      await bench.drain();
      const result = await runtime.result({ runId: bench.runId });
      expect([result.status, result.result]).toEqual(['success', wanted ?? { last: standing.output(1) }]);
      expect((await runtime.get({ runId: bench.runId }))?.parked).toBeUndefined();
    });
  });
}
