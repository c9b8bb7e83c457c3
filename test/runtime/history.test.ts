import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/core/codec.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { type LogEntry, type ReplayedRun, replay } from '../../src/core/history.ts';
import { decodeToken } from '../../src/core/join.ts';
import { type MemberDelta, memberOf, type StepRecord } from '../../src/core/records.ts';
import type { HistoryEntry } from '../../src/core/run-history.ts';
import { applyDeltas, changeIn } from '../../src/core/shared-data.ts';
import type { Backend, JoinKey, RunStore, StoredDelta } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { add, nest, step, workflow } from './fixtures.ts';
import { inPlace, places } from './places.ts';

/** Suspends until it is resumed, and adds what it is resumed with. */
function asking(id: string) {
  return step(id, async ({ inputData, resumeData, suspend, setState }) => {
    await setState({ [id]: resumeData ?? 'asked' });
    return resumeData === undefined
      ? suspend({ ask: id }, { resumeLabel: id })
      : Number(inputData) + Number(resumeData);
  });
}

function flaky(id: string, failures: number) {
  let count = 0;
  return step(
    id,
    ({ inputData, requestContext }) => {
      count += 1;
      if (count <= failures) throw new TypeError(`${count}`);
      requestContext.set(id, count);
      return inputData;
    },
    { retries: failures },
  );
}

const total = step('total', ({ inputData }) =>
  Object.values(inputData as object).reduce((sum: number, one) => sum + Number(one), 0),
);

const item = step('item', async ({ inputData, resumeData, suspend, setState }) => {
  await setState({ last: inputData });
  return Number(inputData) === 2 && resumeData === undefined
    ? suspend({ item: 2 }, { resumeLabel: 'two' })
    : Number(inputData) * 2;
});

/** What is done to a run, one after the other, once nothing of it goes on by itself. */
type Act = (runtime: Runtime) => Promise<unknown>;

const resume =
  (at: string | string[], resumeData: unknown = 1): Act =>
  (runtime) =>
    runtime.resume({ runId: 'r', step: at, resumeData });
const travel =
  (to: string | string[], inputData?: unknown): Act =>
  (runtime) =>
    runtime.timeTravel({ runId: 'r', step: to, ...(inputData === undefined ? {} : { inputData }) });

const inner = workflow('inner', [add('x', 1), asking('y')]);
const tiny = workflow('tiny', [add('double', 1)]);

const kinds: readonly [string, readonly WorkflowDefinition[], ...Act[]][] = [
  ['steps', [workflow('w', [add('a', 1), add('b', 2)])]],
  ['retries', [workflow('w', [flaky('a', 2), add('b', 1)])]],
  [
    'a failure',
    [
      workflow('w', [
        add('a', 1),
        step('b', () => {
          throw new RangeError('out of it');
        }),
      ]),
    ],
  ],
  ['a loop', [workflow('w', [{ dountil: [add('l', 1), ({ inputData }) => Number(inputData) >= 3] }])]],
  ['a sleep', [workflow('w', [add('a', 1), { sleep: 2, id: 's' }, add('b', 1)])]],
  ['a bail', [workflow('w', [step('a', ({ bail }) => bail('enough')), add('b', 1)])]],
  ['a suspension', [workflow('w', [asking('a'), add('b', 1)])]],
  ['a resumption', [workflow('w', [asking('a'), asking('b')])], resume('a'), resume('b')],
  ['a parallel', [workflow('w', [{ parallel: [add('p', 1), asking('q')] }, total])]],
  [
    'a parallel whose arms are resumed',
    [workflow('w', [{ parallel: [asking('p'), asking('q')] }, total])],
    resume('q'),
    resume('p'),
  ],
  [
    'a branch',
    [
      workflow('w', [
        {
          branch: [
            [() => true, add('yes', 1)],
            [() => false, add('no', 1)],
          ],
        },
        total,
      ]),
    ],
  ],
  [
    'a foreach that waits',
    [workflow('w', [step('list', () => [1, 2, 3]), { foreach: item, concurrency: 2 }])],
  ],
  [
    'a foreach',
    [workflow('w', [step('list', () => [1, 2, 3]), { foreach: item, concurrency: 2 }, add('z', 0)])],
    resume('item'),
  ],
  [
    'a foreach over a nested workflow',
    [workflow('w', [step('list', () => [1, 2, 3]), { foreach: nest(tiny) }]), tiny],
  ],
  ['a nested run that waits', [workflow('w', [add('a', 1), nest(inner), add('z', 1)]), inner]],
  ['a nested run', [workflow('w', [add('a', 1), nest(inner), add('z', 1)]), inner], resume(['inner', 'y'])],
  ['a cancel', [workflow('w', [asking('a')])], (runtime) => runtime.cancel({ runId: 'r' })],
  [
    'time travels',
    [workflow('w', [add('a', 1), add('b', 1), { parallel: [add('p', 1), add('q', 1)] }, total])],
    travel('b'),
    travel('q'),
    travel('total', { p: 7 }),
  ],
  [
    'a time travel into a nested run',
    [workflow('w', [nest(inner), add('z', 1)]), inner],
    resume(['inner', 'y']),
    travel(['inner', 'y']),
    resume(['inner', 'y'], 5),
  ],
];

/** All entries of a log. */
async function logOf(store: RunStore, log: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let after = -1; ; ) {
    const page = await store.readLog({ log, after, limit: 7 });
    if (page.entries.length === 0) return entries;
    entries.push(...page.entries);
    after = page.next;
  }
}

/** What members of a block changed, by the order in which they settled. */
function cellOf(
  tokens: readonly number[],
  epoch: number,
  recordOf: (member: number) => StepRecord | undefined,
): StoredDelta {
  const encoded = (values: Readonly<Record<string, unknown>> = {}) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { inline: encode(value) }]));
  const deltas = tokens.flatMap((token) => {
    const { member, generation } = decodeToken(token);
    const delta = recordOf(member)?.delta;
    if (delta === undefined || !('inline' in delta)) return [];
    return changeIn(decode(delta.inline) as MemberDelta, { epoch, generation }) ?? [];
  });
  const merged = applyDeltas({ state: {}, requestContext: {} }, deltas);
  return {
    state: encoded(merged.state),
    requestContext: encoded(merged.requestContext),
    removed: deltas.flatMap(({ removed }) => removed ?? []).filter((key) => !(key in merged.requestContext)),
  };
}

/** A store that knows nothing but what was replayed. */
function storeOf(runs: ReadonlyMap<string, ReplayedRun>): RunStore {
  const joinAt = ({ runId, entry, epoch }: JoinKey) =>
    runs.get(runId)?.joins.find((join) => join.entry === entry && join.epoch === epoch);
  const known: Partial<RunStore> = {
    claim: () => Promise.reject(new Error('nothing is executed here')),
    loadHeader: async (runId) => runs.get(runId)?.header,
    loadRun: async (runId) => runs.get(runId),
    loadItems: async ({ runId, entry, items }) => {
      const all = runs.get(runId)?.items.get(entry) ?? [];
      return items === undefined ? all : all.filter(({ key }) => items.includes(key.item ?? -1));
    },
    loadCell: async (at) => {
      const run = runs.get(at.runId);
      const members = [...(run?.records ?? []), ...(run?.items.get(at.entry) ?? [])];
      return cellOf(joinAt(at)?.tokens ?? [], at.epoch, (member) =>
        members.find(({ key }) => key.entry === at.entry && memberOf(key) === member),
      );
    },
    loadJoin: async (at) => {
      const join = joinAt(at);
      return join === undefined ? undefined : { ...join.opening, tokens: join.tokens, state: join.state };
    },
    durable: async () => {},
  };
  return known as RunStore;
}

async function act(runtime: Runtime, acts: readonly Act[]): Promise<void> {
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 0, initialState: { given: 1 } });
  await runtime.settled({ runId: 'r' });
  for (const next of acts) {
    await next(runtime);
    await runtime.settled({ runId: 'r' });
  }
}

describe.each(places)('the history in $name', (place) => {
  test.each(kinds)('of a run with %s is enough to rebuild its snapshot', async (_, workflows, ...acts) => {
    await inPlace(place, workflows, async (runtime, another) => {
      await act(runtime, acts);
      const backend: Backend = another();
      const replayed = replay(await logOf(backend.store, 'r'));
      const fromLog = createRuntime({
        workflows,
        backend: { ...backend, store: storeOf(replayed) },
        work: false,
      });
      const ref = { runId: 'r', includeState: true, includeResumeLabels: true };
      expect(await fromLog.result(ref)).toEqual(await runtime.result(ref));
      expect(await fromLog.get(ref)).toEqual(await runtime.get(ref));
      expect(await fromLog.snapshot(ref)).toEqual(await runtime.snapshot(ref));
      await backend.close();
    });
  });

  test('has attempts, iterations, resumptions and former epochs in order', async () => {
    const made = workflow('w', [
      flaky('a', 1),
      { dountil: [add('l', 1), ({ inputData }) => Number(inputData) >= 2] },
      asking('b'),
    ]);
    await inPlace(place, [made], async (runtime) => {
      await act(runtime, [resume('b'), travel('b'), resume('b', 5)]);
      const page = await runtime.history({ runId: 'r' });
      expect(page).toMatchObject({ isLast: true, done: true });
      expect(new Set(page.entries.map(({ id }) => id)).size).toBe(page.entries.length);
      const told = page.entries.flatMap((entry) => (entry.type === 'step' ? [lineOf(entry)] : []));
      expect(told).toEqual([
        'a running 1.0.0.0',
        'a due 1.0.0.1',
        'a running 1.0.0.1',
        'a success 1.0.0.1',
        'l running 1.0.0.0',
        'l success 1.0.0.0',
        'l running 1.1.0.0',
        'l success 1.1.0.0',
        'b running 1.0.0.0',
        'b suspended 1.0.0.0',
        'b due 1.0.1.0',
        'b running 1.0.1.0',
        'b success 1.0.1.0',
        'l success 2.1.0.0',
        'b running 2.0.0.0',
        'b suspended 2.0.0.0',
        'b due 2.0.1.0',
        'b running 2.0.1.0',
        'b success 2.0.1.0',
      ]);
      const runs = page.entries.flatMap((entry) =>
        entry.type === 'run' ? [`${entry.status} ${entry.epoch}`] : [],
      );
      expect(runs.filter((line, index) => line !== runs[index - 1])).toEqual([
        'running 1',
        'suspended 1',
        'running 1',
        'success 1',
        'running 2',
        'suspended 2',
        'running 2',
        'success 2',
      ]);
      expect(page.entries.find(({ type }) => type === 'run')).toMatchObject({ input: 0, workflowId: 'w' });
      const [failed, kept] = [told.indexOf('a due 1.0.0.1'), told.indexOf('l success 2.1.0.0')];
      const steps = page.entries.filter(({ type }) => type === 'step');
      expect(steps[failed]).toMatchObject({ error: new TypeError('1'), payload: 0 });
      expect(steps[kept]).toMatchObject({ kept: true, output: 2 });
      expect(steps.at(-1)).toMatchObject({ payload: 2, resumePayload: 5, output: 7 });
      const after = await runtime.history({ runId: 'r', cursor: page.cursor });
      expect(after).toEqual({ entries: [], cursor: page.cursor, isLast: true, done: true });
      await expect(runtime.history({ runId: 'r', cursor: 'x' })).rejects.toMatchObject({
        code: 'WORKFLOW_CURSOR_INVALID',
      });
    });
  });

  test('tells whoever goes on in its middle what was, though the run has begun anew since', async () => {
    const opened = Promise.withResolvers<undefined>();
    const waits = step('b', async ({ inputData }) => {
      await opened.promise;
      return inputData;
    });
    const made = workflow('w', [add('a', 1), waits]);
    await inPlace(place, [made], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 0 });
      const ref = { runId: 'r' };
      await expect.poll(async () => (await runtime.events(ref)).events.at(-1)?.payload['id']).toBe('b');
      const [events, history] = [await runtime.events(ref), await runtime.history(ref)];
      opened.resolve(undefined);
      await runtime.settled(ref);
      await travel('a', 5)(runtime);
      await runtime.settled(ref);
      const later = await runtime.events({ ...ref, cursor: events.cursor });
      expect(later.events.find(({ type }) => type === 'workflow-step-result')).toMatchObject({
        payload: { id: 'b', payload: 1, output: 1 },
      });
      const { entries } = await runtime.history({ ...ref, cursor: history.cursor });
      expect(entries.find(({ type }) => type === 'step')).toMatchObject({
        stepId: 'b',
        payload: 1,
        output: 1,
      });
    });
  });

  test('has blocks, their members, nested runs and what steps wrote', async () => {
    const writing = workflow('writing', [
      step('x', async ({ inputData, writer }) => {
        await writer.write('chunk');
        await writer.custom({ type: 'data-note' });
        return inputData;
      }),
    ]);
    const made = workflow('w', [
      step('list', () => [1, 3]),
      { foreach: item },
      { parallel: [nest(writing), add('q', 1)] },
    ]);
    await inPlace(place, [made, writing], async (runtime) => {
      await act(runtime, []);
      const { entries } = await runtime.history({ runId: 'r' });
      expect(entries.filter(({ type }) => type === 'block')).toMatchObject([
        { stepId: 'item', path: [1], total: 2, concurrency: 1 },
        { stepId: 'parallel_2', path: [2], total: 2, concurrency: 2 },
      ]);
      const members = entries.filter(({ type }) => type === 'member');
      expect(members.slice(0, 2)).toMatchObject([
        { stepId: 'item', path: [1, 0], settled: 'success', position: 0 },
        { stepId: 'item', path: [1, 1], settled: 'success', position: 1 },
      ]);
      expect(members).toHaveLength(4);
      expect(entries.filter(({ within }) => within === 'writing').map(({ type }) => type)).toEqual(
        expect.arrayContaining(['run', 'step', 'output']),
      );
      expect(entries.filter(({ type }) => type === 'output')).toMatchObject([
        { stepId: 'x', custom: false, output: 'chunk' },
        { stepId: 'x', custom: true, output: { type: 'data-note' } },
      ]);
    });
  });

  test('is refused for a run that keeps none', async () => {
    const made = workflow('w', [add('a', 1)], { history: 'none' });
    await inPlace(place, [made], async (runtime) => {
      await act(runtime, []);
      await expect(runtime.history({ runId: 'r' })).rejects.toMatchObject({
        code: 'WORKFLOW_HISTORY_ABSENT',
      });
    });
  });
});

function lineOf(entry: Extract<HistoryEntry, { type: 'step' }>): string {
  const { stepId, status, epoch, iteration, resumptions, attempt } = entry;
  return `${stepId} ${status} ${epoch}.${iteration}.${resumptions}.${attempt}`;
}
