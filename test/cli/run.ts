import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { Console } from '../../src/cli/console.ts';
import { main } from '../../src/cli/main.ts';
import { createHttpApp } from '../../src/http/index.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../src/runtime/index.ts';
import { memoryWithVirtualTime, type VirtualClock } from '../../src/testing/index.ts';

/** What a command has come to. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Surroundings of a command; without more than a `fetch`, it writes to a file and has no input. */
export interface Surroundings extends Partial<Pick<Console, 'env' | 'cwd' | 'now' | 'signal'>> {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Lines of the standard input. */
  readonly lines?: readonly string[];
  /** A person sits at a terminal. */
  readonly tty?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Runs the command line in this process. */
export async function run(argv: readonly string[], around: Surroundings): Promise<Outcome> {
  const { lines = [], tty = false, columns, rows, env = {}, cwd = '/', now = () => Date.now() } = around;
  const stdin = Object.assign(new PassThrough(), { isTTY: tty });
  stdin.end(lines.map((line) => `${line}\n`).join(''));
  const texts = { out: '', err: '' };
  const output = (name: keyof typeof texts) => ({
    write: (text: string) => {
      texts[name] += text;
    },
    isTTY: tty,
    columns,
    rows,
  });
  const code = await main(argv, {
    stdin,
    stdout: output('out'),
    stderr: output('err'),
    env,
    cwd,
    fetch: async (input) => await around.fetch(input as Request),
    now,
    signal: around.signal ?? new AbortController().signal,
  });
  return { code, ...texts };
}

const text = z.object({ pieces: z.number().int().min(1) });

const price = createStep({
  id: 'price',
  inputSchema: text,
  outputSchema: z.object({ cents: z.number() }),
  execute: async ({ inputData }) => ({ cents: inputData.pieces * 250 }),
});

const approve = createStep({
  id: 'approve',
  inputSchema: z.object({ cents: z.number() }),
  outputSchema: z.object({ cents: z.number(), by: z.string() }),
  resumeSchema: z.object({ approved: z.boolean(), by: z.string().min(2), note: z.string().optional() }),
  execute: async ({ inputData, resumeData, runId, suspend }) => {
    if (resumeData === undefined)
      return await suspend(
        { cents: inputData.cents },
        { resumeLabel: 'approval', resumeKey: `order:${runId}` },
      );
    if (!resumeData.approved)
      throw new RangeError(`Not approved by ${resumeData.by}`, { cause: new Error('no budget') });
    return { cents: inputData.cents, by: resumeData.by };
  },
});

/** Prices pieces, and waits for a person. */
export const ordersWorkflow = createWorkflow({
  id: 'orders',
  description: 'Prices an order and has it approved',
  inputSchema: text,
  outputSchema: z.object({ cents: z.number(), by: z.string() }),
})
  .then(price)
  .then(approve)
  .commit();

/** A server in this process, over a memory place in virtual time. */
export interface Served {
  readonly runtime: Runtime;
  readonly clock: VirtualClock;
  readonly fetch: Surroundings['fetch'];
  /** Runs a command against it. */
  evented(argv: readonly string[], around?: Partial<Surroundings>): Promise<Outcome>;
  /** Waits until a run is over, suspended or paused. */
  settled(runId: string): Promise<void>;
}

/** Serves workflows; all of it ends with the test. */
export function serve(workflows: RuntimeOptions['workflows'] = [ordersWorkflow]): Served {
  const { clock, backend } = memoryWithVirtualTime();
  const runtime = createRuntime({ workflows, backend });
  onTestFinished(() => runtime.close());
  const app = createHttpApp({ runtime });
  const fetch: Surroundings['fetch'] = async (request) => await app.fetch(request);
  return {
    runtime,
    clock,
    fetch,
    evented: (argv, around = {}) => run(argv, { fetch, now: () => clock.now(), ...around }),
    settled: async (runId) => {
      await clock.runUntil(runtime.settled({ runId }));
    },
  };
}
