import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { money } from './catalog.ts';
import { report } from './report.ts';
import { ordersResult, ordersWorkflow } from './workflow.ts';

/**
 * Runs the workflow once, in this process, on a file of orders:
 *   node examples/orders/run.ts [orders.csv] [--approve | --reject]
 */
const usage =
  'Usage: node --conditions=evented-workflows-source examples/orders/run.ts [orders.csv] [--approve | --reject]';

/** Exit codes: what a script needs to tell apart. */
const exit = { done: 0, failed: 1, usage: 2, undecided: 3 } as const;

/** A wrong call, whose message is all that somebody needs. */
class UsageError extends Error {}

async function main(): Promise<number> {
  const { path, answer } = readArguments();
  const csv = await readText(path);

  const run = await ordersWorkflow().createRun();
  let result = await run.start({ inputData: { csv } });

  if (result.status === 'suspended') {
    const { totalCents, orders } = result.suspendPayload['ask-approval'] as {
      totalCents: number;
      orders: number;
    };
    const question = `${orders} orders come to ${money(totalCents)}.`;
    const decision = answer ?? (await ask(`${question} Approve? [y/n] `));
    if (decision === undefined) {
      console.error(
        `${question} Somebody has to approve that: pass --approve or --reject, or use a terminal.`,
      );
      return exit.undecided;
    }
    result = await run.resume({ step: 'ask-approval', resumeData: decision });
  }

  if (result.status !== 'success') {
    console.error(
      result.status === 'failed' ? result.error.message : `The run ended with status ${result.status}.`,
    );
    return exit.failed;
  }
  console.log(report(ordersResult.parse(result.result)));
  return exit.done;
}

interface Decision {
  readonly approved: boolean;
  readonly by: string;
}

function readArguments(): { path: string; answer: Decision | undefined } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { approve: { type: 'boolean', default: false }, reject: { type: 'boolean', default: false } },
    });
    if (positionals.length > 1) throw new UsageError('Only one file at a time.');
    if (values.approve && values.reject) throw new UsageError('--approve and --reject exclude each other.');
    const flag = values.approve ? '--approve' : values.reject ? '--reject' : undefined;
    return {
      path: positionals[0] ?? fileURLToPath(new URL('./data/orders.csv', import.meta.url)),
      answer: flag === undefined ? undefined : { approved: values.approve, by: `the option ${flag}` },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${reason}\n${usage}`, { cause: error });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a directory'
          : `reading it failed (${String(code)})`;
    throw new UsageError(`Cannot read the orders from ${path}: ${reason}.`, { cause: error });
  }
}

/** Asks on the terminal; undefined without one, or when the input ends before an answer. */
async function ask(question: string): Promise<Decision | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr, prompt: question });
  try {
    terminal.prompt();
    for await (const line of terminal) {
      const answer = line.trim().toLowerCase();
      if (['y', 'yes', 'n', 'no'].includes(answer)) {
        return { approved: answer.startsWith('y'), by: 'the person at the terminal' };
      }
      terminal.prompt();
    }
    return undefined;
  } finally {
    terminal.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? exit.usage : exit.failed;
}
