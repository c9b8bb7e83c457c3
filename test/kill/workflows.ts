import type { StandardSchemaV1 } from '@standard-schema/spec';
import { createStep, createWorkflow } from 'evented-workflows';
import type { RuntimeOptions } from 'evented-workflows/runtime';

/** Told of each execution of a body, before and after what it does. */
export interface BodyRecorder {
  started(body: Body): void;
  /** `how`: success, failed or suspended. */
  ended(body: Body, how: string): void;
}

/** Which execution it is. */
export interface Body {
  readonly stepId: string;
  readonly idempotencyKey: string;
  readonly retryCount: number;
}

/** A schema that takes what comes, so that a child need not load a schema library. */
const of = <T>(): StandardSchemaV1<T, T> => ({
  '~standard': { version: 1, vendor: 'kill', validate: (value) => ({ value: value as T }) },
});
const number = of<number>();
const prime = 1_000_003;

/** What a body makes of its input: another number for each step and each input. */
function digest(text: string): number {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + character.charCodeAt(0)) % prime;
  return sum;
}

/** Bodies take up to so long, ms: a third of them gives up the thread for some time, a third for a turn, a third not at all. */
const longestMs = 6;

async function busy(text: string): Promise<void> {
  const kind = digest(text);
  if (kind % 3 === 0) return;
  await new Promise<void>((resolve) => {
    if (kind % 3 === 1) setImmediate(resolve);
    else setTimeout(resolve, 1 + (kind % longestMs));
  });
}

/**
 * The workflows of the load. Each result follows from the input alone, so that a run that was killed can be compared with one
 * that was not, and each execution of a body is told to `recorder`.
 */
export function workflowsFor(recorder: BodyRecorder): RuntimeOptions['workflows'] {
  const step = <const Id extends string>(id: Id, retries = 0) =>
    createStep({
      id,
      inputSchema: number,
      outputSchema: number,
      resumeSchema: number,
      retries,
      execute: async (context) => {
        const { inputData, resumeData, retryCount, state, setState, suspend } = context;
        recorder.started(context);
        await busy(`${id} ${inputData} ${retryCount}`);
        // State that got lost, or was changed twice, shows in the result. What items at once see of one another, and which of
        // them changes a key last, depends on when they end: each has keys of its own.
        const isOfItem = id === 'f-item' || id.startsWith('in-');
        const counter = isOfItem ? `${id} ${inputData}` : id;
        await setState({ [counter]: Number(state[counter] ?? 0) + 1 });
        if (id.startsWith('ask') && resumeData === undefined) {
          recorder.ended(context, 'suspended');
          return suspend({ about: inputData });
        }
        if (retryCount < retries || id.startsWith('broken')) {
          recorder.ended(context, 'failed');
          throw new Error(`attempt ${retryCount} of ${id}`);
        }
        recorder.ended(context, 'success');
        return digest(`${id} ${inputData} ${resumeData ?? ''}`);
      },
    });
  const sum = <const Id extends string>(id: Id) =>
    createStep({
      id,
      inputSchema: of<object>(),
      outputSchema: number,
      execute: (context) => {
        recorder.started(context);
        recorder.ended(context, 'success');
        return digest(JSON.stringify(context.inputData));
      },
    });
  /** More than a record keeps inline, so that it is a payload of its own. */
  const large = createStep({
    id: 'large',
    inputSchema: number,
    outputSchema: of<{ readonly n: number; readonly text: string }>(),
    execute: (context) => {
      recorder.started(context);
      const text = Array.from({ length: 800 }, (_, index) => digest(`${index} ${context.inputData}`)).join();
      recorder.ended(context, 'success');
      return { n: context.inputData, text };
    },
  });
  const list = <const Id extends string>(id: Id, length: number) =>
    createStep({
      id,
      inputSchema: number,
      outputSchema: of<number[]>(),
      execute: (context) => {
        recorder.started(context);
        recorder.ended(context, 'success');
        return Array.from({ length }, (_, index) => digest(`${index} of ${context.inputData}`));
      },
    });
  const workflow = <const Id extends string>(id: Id) =>
    createWorkflow({
      id,
      inputSchema: number,
      outputSchema: number,
      stateSchema: of<Record<string, unknown>>(),
      retryConfig: { delay: 4 },
    });
  const inner = workflow('inner').then(step('in-1')).then(step('in-2')).commit();
  const asking = workflow('asking').then(step('in-3')).then(step('ask-inside')).commit();

  return [
    workflow('chain')
      .then(step('c1'))
      .then(step('c2'))
      .then(step('c3'))
      .then(step('c4'))
      .then(step('c5'))
      .commit(),
    workflow('parallel')
      .then(step('p0'))
      .parallel([step('p1'), step('p2'), step('p3', 1), step('p4')])
      .then(sum('p-sum'))
      .commit(),
    workflow('foreach')
      .then(list('f0', 9))
      .foreach(step('f-item'), { concurrency: 3 })
      .then(sum('f-sum'))
      .commit(),
    workflow('nested').then(step('n0')).then(inner).then(step('n1')).commit(),
    workflow('nested-items')
      .then(list('ni0', 3))
      .foreach(inner, { concurrency: 2 })
      .then(sum('ni-sum'))
      .commit(),
    workflow('loop')
      .then(step('l0'))
      .dountil(step('l-body'), async ({ iterationCount }) => iterationCount >= 4)
      .then(step('l1'))
      .commit(),
    workflow('sleep').then(step('s0')).sleep(15).then(step('s1')).sleep(1).then(step('s2')).commit(),
    workflow('retry').then(step('r0')).then(step('flaky', 2)).then(step('r1')).commit(),
    workflow('ask').then(step('a0')).then(step('ask-plain')).then(step('a1')).commit(),
    workflow('ask-arm')
      .parallel([step('b1'), step('ask-arm-2'), step('b3')])
      .then(sum('b-sum'))
      .commit(),
    workflow('ask-nested').then(step('d0')).then(asking).then(step('d1')).commit(),
    workflow('fails').then(step('e0')).then(step('broken', 1)).then(step('never')).commit(),
    workflow('large')
      .then(large)
      .map(async ({ inputData }) => digest(inputData.text))
      .then(step('g1'))
      .commit(),
  ];
}

/** Workflows that a life starts a run of; the others are nested in them. */
export const started = [
  'chain',
  'parallel',
  'foreach',
  'nested',
  'nested-items',
  'loop',
  'sleep',
  'retry',
  'ask',
  'ask-arm',
  'ask-nested',
  'fails',
  'large',
] as const;

/** Inputs that runs of one workflow take in turn. */
export const inputs = [11, 22, 33] as const;

/** Id of the run of this number: it says what it is started with. */
export function runOf(index: number): string {
  const workflowId = started[index % started.length];
  return `${workflowId}.${inputs[Math.floor(index / started.length) % inputs.length]}.${index}`;
}

/** What a run of the load is started with, by its id. */
export function startOf(runId: string): { readonly workflowId: string; readonly inputData: number } {
  const [workflowId = '', inputData] = runId.split('.');
  return { workflowId, inputData: Number(inputData) };
}
