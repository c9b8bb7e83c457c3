import { join } from 'node:path';
import { createStep, createWorkflow } from 'evented-workflows';
import { createRuntime } from 'evented-workflows/runtime';
import { z } from 'zod';
import { openSqlite } from '../src/adapters/sqlite/backend.ts';
import { BareCommits, type Beside, median } from './bare.ts';

const anything = z.unknown();

const ask = createStep({
  id: 'ask',
  inputSchema: anything,
  outputSchema: anything,
  resumeSchema: anything,
  execute: async ({ resumeData, suspend }) =>
    resumeData === undefined ? suspend({ ask: true }) : resumeData,
});

const asking = createWorkflow({ id: 'asking', inputSchema: anything, outputSchema: anything })
  .then(ask)
  .commit();

/** Runs until the code is compiled: a process that has just started takes half as long again. */
const warmUps = 150;
const turns = 60;

/** What {@link measureSuspension} found. */
export interface Suspension {
  /** A run of one step that suspends: from the start call until the run shows as ended. */
  readonly whole: Beside;
  /**
   * What a suspension adds to a run: from the start of the suspending step's handling until the run shows as suspended, and from
   * the resume call until it shows as ended.
   */
  readonly added: Beside;
}

interface Sample {
  readonly ms: number;
  readonly commits: number;
}

/** Runs that suspend and are resumed, embedded, each in turn with the bare commits that it needs. */
export async function measureSuspension(folder: string): Promise<Suspension> {
  let commits = 0;
  let handled: { readonly at: number; readonly commits: number } = { at: 0, commits: 0 };
  const onCommit = (): void => {
    commits += 1;
  };
  const backend = openSqlite({ file: join(folder, 'suspension.db') }, { onCommit });
  const { source } = backend;
  const noted: typeof source = {
    start: (handler, options) =>
      source.start((event) => {
        handled = { at: performance.now(), commits };
        return handler(event);
      }, options),
    stop: () => source.stop(),
  };
  const runtime = createRuntime({ workflows: [asking], backend: { ...backend, source: noted } });
  const once = async (): Promise<{ whole: Sample; added: Sample }> => {
    const start = { at: performance.now(), commits };
    const { runId } = await runtime.start({ workflowId: 'asking', inputData: 1 });
    await runtime.settled({ runId });
    const { at: handledAt, commits: handledAfter } = handled;
    const suspended = { at: performance.now(), commits };
    await runtime.resume({ runId, resumeData: 1 });
    await runtime.settled({ runId });
    const end = { at: performance.now(), commits };
    return {
      whole: { ms: end.at - start.at, commits: end.commits - start.commits },
      added: {
        ms: suspended.at - handledAt + (end.at - suspended.at),
        commits: suspended.commits - handledAfter + (end.commits - suspended.commits),
      },
    };
  };
  for (let warm = 0; warm < warmUps; warm += 1) await once();
  const disk = new BareCommits(join(folder, 'suspension-bare.db'));
  const found = { whole: new Samples(), added: new Samples() };
  for (let turn = 0; turn < turns; turn += 1) {
    const { whole, added } = await once();
    found.whole.add(whole, disk);
    found.added.add(added, disk);
  }
  disk.close();
  await runtime.close();
  return { whole: found.whole.beside(), added: found.added.beside() };
}

/** Samples of one kind, with the bare commits beside each. */
class Samples {
  readonly #ours: Sample[] = [];
  readonly #bare: number[] = [];

  add(sample: Sample, disk: BareCommits): void {
    this.#ours.push(sample);
    this.#bare.push(disk.time(sample.commits));
  }

  beside(): Beside {
    return {
      ours: median(this.#ours.map(({ ms }) => ms)),
      bare: median(this.#bare),
      commits: median(this.#ours.map(({ commits }) => commits)),
    };
  }
}
