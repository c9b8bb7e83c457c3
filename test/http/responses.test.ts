import { describe, expect, onTestFinished, test } from 'vitest';
import type { z } from 'zod';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import type { Graph } from '../../src/core/graph.ts';
import type { SerializedGraph } from '../../src/core/serialized-graph.ts';
import type { ParkedState, RunResult, StepResult, Tripwire, WorkflowState } from '../../src/core/snapshot.ts';
import type { historyEntry, runEvent } from '../../src/http/event-schemas.ts';
import type { graph, serializedGraph } from '../../src/http/graph-schemas.ts';
import { problem, type Problem, toWire } from '../../src/http/index.ts';
import {
  components,
  eventPage,
  historyPage,
  type parkedState,
  type problemDocument,
  runResult,
  workflowDescription,
  workflowState,
} from '../../src/http/responses.ts';
import type { stepResult, tripwire, valueReference } from '../../src/http/value-schemas.ts';
import type { Wire } from '../../src/http/wire.ts';
import { createWorkflow, TripWire } from '../../src/index.ts';
import {
  createRuntime,
  type EventPage,
  type HistoryPage,
  type Runtime,
  type WorkflowDescription,
} from '../../src/runtime/index.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';
import { checkValue, NotDescribed } from './conforming.ts';

/** A type in which nothing is optional, so that a field of one type that the other lacks is seen. */
type Whole<T> = unknown extends T
  ? unknown
  : T extends readonly (infer Item)[]
    ? Whole<Item>[]
    : T extends object
      ? { [Key in keyof T]-?: Whole<T[Key]> }
      : T;

type Fits<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Any part of a type may be large, and then a reference stands for it: without these. */
type Plain<T> = unknown extends T
  ? unknown
  : T extends z.output<typeof valueReference>
    ? never
    : T extends readonly (infer Item)[]
      ? Plain<Item>[]
      : T extends object
        ? { [Key in keyof T]: Plain<T[Key]> }
        : T;

type Output<Schema extends z.ZodType> = Plain<z.output<Schema>>;

/** Whether a schema accepts what the wire shows of a type, and nothing else. */
type Agree<Schema extends z.ZodType, T> =
  Fits<Output<Schema>, Wire<T>> extends true ? Fits<Whole<Output<Schema>>, Whole<Wire<T>>> : false;

/** `input` is left out where the run has none; its steps hold it, too. */
type ShownResult = Omit<RunResult, 'input' | 'steps'> & { readonly input?: unknown };

test('schemas are those of the types, to the compiler', () => {
  const agreements: readonly true[] = [
    true satisfies Agree<typeof workflowState, WorkflowState>,
    true satisfies Agree<typeof stepResult, StepResult>,
    true satisfies Agree<typeof parkedState, ParkedState>,
    true satisfies Agree<typeof tripwire, Tripwire>,
    true satisfies Agree<typeof graph, Graph>,
    true satisfies Agree<typeof serializedGraph, SerializedGraph>,
    true satisfies Agree<typeof workflowDescription, WorkflowDescription>,
    true satisfies Fits<keyof z.output<typeof runResult>, keyof RunResult>,
    true satisfies Fits<Omit<Output<typeof runResult>, 'steps'>, Wire<ShownResult>>,
    true satisfies Fits<keyof z.output<typeof problemDocument>, keyof Problem>,
    true satisfies Fits<keyof z.output<typeof eventPage>, keyof EventPage>,
    true satisfies Fits<keyof z.output<typeof historyPage>, keyof HistoryPage>,
    true satisfies Fits<z.output<typeof runEvent>['type'], EventPage['events'][number]['type']>,
    true satisfies Fits<z.output<typeof historyEntry>['type'], HistoryPage['entries'][number]['type']>,
  ];
  expect(agreements).toHaveLength(14);
  // What the comparison has to find: a field too many, one too few, another type, an optional one that is not.
  const planted: readonly false[] = [
    false satisfies Agree<typeof tripwire, Omit<Tripwire, 'processorId'>>,
    false satisfies Agree<typeof tripwire, Tripwire & { readonly code?: string }>,
    false satisfies Agree<typeof tripwire, Omit<Tripwire, 'retry'> & { readonly retry?: string }>,
    false satisfies Agree<typeof tripwire, Tripwire & { readonly retry: boolean }>,
    false satisfies Agree<
      typeof workflowState,
      Omit<WorkflowState, 'steps'> & { steps: Record<string, Tripwire> }
    >,
    false satisfies Agree<typeof graph, readonly Exclude<Graph[number], { type: 'loop' }>[]>,
  ];
  expect(planted).toHaveLength(6);
});

/** One workflow with every kind of entry, which waits for a person in its nested one. */
function everyKind() {
  const inner = flow('inner')
    .then(
      body('ask', async ({ resumeData, suspend }) =>
        resumeData === undefined ? await suspend({ why: 'ask' }, { resumeLabel: 'answer' }) : resumeData,
      ),
    )
    .commit();
  const schedule = [
    { id: 'early', cron: '0 6 * * *', timezone: 'Europe/Berlin', metadata: { of: 'the night' } },
    { id: 'late', cron: '@hourly' },
  ];
  return createWorkflow({ id: 'every', inputSchema: any, outputSchema: any, schedule })
    .then(
      body('write', async ({ inputData, writer, setState }) => {
        await writer.write({ text: 'half' });
        await writer.custom({ type: 'data-own', data: new Date(0) });
        await setState({ seen: true });
        return inputData;
      }),
    )
    .map(async () => 3)
    .parallel([echo('left'), echo('right')])
    .map(async () => 3)
    .branch([
      [async () => true, echo('taken')],
      [{ predicate: { op: 'eq', path: 'inputData', value: 4 } }, echo('not-taken')],
    ])
    .map(async () => 0)
    .dountil(
      body('count', async ({ inputData }) => Number(inputData) + 1),
      async ({ inputData }) => inputData === 3,
    )
    .sleep(1)
    .sleepUntil(new Date(1))
    .map(async () => [1, 2])
    .foreach(echo('item'), { concurrency: 2 })
    .then(inner)
    .then(
      body(
        'fail',
        async () => {
          throw Object.assign(new RangeError('no', { cause: new Error('deep') }), { at: new Date(0) });
        },
        { retries: 1 },
      ),
    )
    .commit();
}

const kinds = flow('tripped')
  .then(
    body('agent', async () => {
      throw new TripWire('rude', { retry: true, metadata: { words: 2 } });
    }),
  )
  .commit();

/** Everything that can be shown of a run. */
async function shownOf(runtime: Runtime, runId: string) {
  const asked = { runId, includeState: true, includeResumeLabels: true };
  return {
    RunState: toWire(await runtime.get({ runId })),
    RunResult: toWire(await runtime.result(asked)),
    EventPage: toWire(await runtime.events({ runId })),
    HistoryPage: toWire(await runtime.history({ runId })),
  };
}

type Shown = Awaited<ReturnType<typeof shownOf>>;

async function everything(): Promise<{
  suspended: Shown;
  failed: Shown;
  tripped: Shown;
  description: unknown;
}> {
  const backend = memoryBackend();
  const runtime = createRuntime({ workflows: [everyKind(), kinds], backend, schedules: false });
  onTestFinished(() => runtime.close());
  await runtime.start({
    runId: 'r',
    workflowId: 'every',
    inputData: { a: 1 },
    history: 'full',
    resourceId: 'x',
  });
  await runtime.settled({ runId: 'r' });
  const suspended = await shownOf(runtime, 'r');
  await runtime.resume({ runId: 'r', label: 'answer', resumeData: { by: 'Ada' } });
  await runtime.settled({ runId: 'r' });
  const failed = await shownOf(runtime, 'r');
  await runtime.start({ runId: 't', workflowId: 'tripped', history: 'full' });
  await runtime.settled({ runId: 't' });
  const tripped = await shownOf(runtime, 't');
  return { suspended, failed, tripped, description: toWire(runtime.describe('every')) };
}

type Name = keyof typeof components;

const fits = (name: Name, value: unknown): boolean => components[name].safeParse(value).success;

/** Whether the document's schema, which is made of the same, accepts a value. */
function fitsDocument(name: Name, value: unknown): boolean {
  try {
    checkValue(value, { $ref: `#/components/schemas/${name}` }, name);
    return true;
  } catch (error) {
    if (error instanceof NotDescribed) return false;
    throw error;
  }
}

describe('what a runtime shows fits', () => {
  test('in every kind of entry, suspended and failed', async () => {
    const { suspended, failed, tripped, description } = await everything();
    const statuses = [suspended, failed, tripped].map(({ RunResult }) => runResult.parse(RunResult).status);
    expect(statuses).toEqual(['suspended', 'failed', 'tripwire']);
    for (const shown of [suspended, failed, tripped]) {
      for (const [name, value] of Object.entries(shown)) {
        checkValue(value, { $ref: `#/components/schemas/${name}` }, name);
        expect([name, fits(name as Name, value)]).toEqual([name, true]);
      }
    }
    checkValue(description, { $ref: '#/components/schemas/WorkflowDescription' }, 'description');
    const types = new Set(
      [suspended, failed].flatMap(({ HistoryPage: page }) =>
        historyPage.parse(page).entries.map(({ type }) => type),
      ),
    );
    expect([...types].toSorted()).toEqual(['block', 'member', 'output', 'run', 'step']);
    const told = new Set(eventPage.parse(failed.EventPage).events.map(({ type }) => type));
    expect([...told].toSorted()).toEqual([
      'custom',
      'workflow-finish',
      'workflow-start',
      'workflow-step-output',
      'workflow-step-progress',
      'workflow-step-result',
      'workflow-step-start',
      'workflow-step-suspended',
      'workflow-step-waiting',
    ]);
  });

  /** Values that are wrong in most places, and right in some. */
  const others = [null, 1, -1, 1.5, 'x', true, [], {}, { status: 'success' }, '2030-01-31T12:00:00Z'];

  /** Copies of a value, each with one property or item left out, added or replaced. */
  function* mutantsOf(value: unknown): Generator {
    yield* others;
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        for (const mutant of mutantsOf(item)) yield value.with(index, mutant);
      }
      return;
    }
    const own = value as Readonly<Record<string, unknown>>;
    yield { ...own, unheardOf: 1 };
    for (const [key, item] of Object.entries(own)) {
      const { [key]: _, ...rest } = own;
      yield rest;
      for (const mutant of mutantsOf(item)) yield { ...own, [key]: mutant };
    }
  }

  test('and the document accepts and refuses what the schemas do', async () => {
    const { suspended, failed, tripped, description } = await everything();
    // One of each kind: mutants of a page are many times those of its entries.
    const samples: [Name, unknown][] = [
      ...eventPage.parse(failed.EventPage).events.map((event): [Name, unknown] => ['RunEvent', event]),
      ...historyPage
        .parse(failed.HistoryPage)
        .entries.map((entry): [Name, unknown] => ['HistoryEntry', entry]),
      ['RunState', { ...(tripped.RunState as object), steps: {} }],
      ['RunResult', tripped.RunResult],
      ['StepResult', runResult.parse(suspended.RunResult).steps['inner']],
      ['StepResult', runResult.parse(failed.RunResult).steps['fail']],
      ['WorkflowDescription', { ...(description as object), graph: [] }],
      ...workflowDescription.parse(description).graph.map((entry): [Name, unknown] => ['Graph', [entry]]),
      ...workflowState
        .parse(failed.RunState)
        .serializedStepGraph.map((entry): [Name, unknown] => ['SerializedGraph', [entry]]),
      ['StoredRun', { runId: 'a', workflowId: 'w', status: 'running', changed: true, resourceId: 'x' }],
      [
        'Problem',
        toWire(problem('WORKFLOW_RUN_CONFLICT', 'other', { issues: [{ path: 'a', message: 'b' }] })),
      ],
      ['ValueReference', { $value: { href: '/x', bytes: 1, sha256: 'a'.repeat(64) } }],
    ];
    const kindOf = ([name, value]: [Name, unknown]): string =>
      `${name} ${JSON.stringify(value, ['type', 'status', 'kind'])}`;
    const chosen = [...new Map(samples.map((sample) => [kindOf(sample), sample])).values()];
    let accepted = 0;
    let refused = 0;
    for (const [name, value] of chosen) {
      for (const mutant of mutantsOf(value)) {
        const verdict = fits(name, mutant);
        if (verdict !== fitsDocument(name, mutant)) {
          expect.fail(`${name}: the schema says ${verdict}, the document not: ${JSON.stringify(mutant)}`);
        }
        if (verdict) accepted += 1;
        else refused += 1;
      }
    }
    expect(accepted).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(2_000);
  });
});
