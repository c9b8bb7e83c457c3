import { mkdirSync, mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { styleText } from 'node:util';
import { getGraph, getRun, resumeRun, type RunAnswer, startRun } from './api.ts';
import { countBodyRuns, type LogEntry, readLog } from './execution-log.ts';
import { liveTree } from './live-tree.ts';
import { checkExecutions } from './proof.ts';
import { report } from './report.ts';
import { type ServerProcess, startServer } from './server-process.ts';
import { type TreeEntry, treeRows } from './tree.ts';
import { ordersResult } from './workflow.ts';

/**
 * `npm run demo`: a worker is killed in the middle of a step, and the run goes on in the next one. Everything that is
 * said about it is checked: the demo ends with exit code 1 when a step that was finished runs again.
 */

/** The step in whose middle the worker is killed, and what else runs beside it. */
const victim = 'check-stock';
const sibling = 'check-prices';
/** How long that step takes, and how far into it the kill comes, ms. */
const victimTakes = 1_500;
const killAfter = 600;
/** How long the pieces of one line take to pick, ms: long enough that the items of the foreach are seen. */
const pickTakes = 50;
/** Pause between two attempts to pay or to book, ms: long enough to be seen. */
const retryDelay = 300;
/** No part of the demo may take longer, and all of it must take less than a minute, ms. */
const partTimeout = 25_000;
const demoTimeout = 58_000;

const say = (text = ''): void => console.log(text);
const title = (text: string): void => say(`\n${styleText('bold', text, { stream: process.stdout })}`);

async function main(): Promise<void> {
  const parent = join('.cache', 'orders-demo');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'run-'));
  const file = join(folder, 'runs.db');
  const log = join(folder, 'executions.log');
  const start = (): Promise<ServerProcess> =>
    startServer([
      '--port=0',
      `--file=${file}`,
      `--log=${log}`,
      `--slow=${victim}=${victimTakes}`,
      `--slow=pick-line=${pickTakes}`,
      `--retry-delay=${retryDelay}`,
    ]);

  title('1  Start a server, and a run on 39 lines of orders');
  const first = await start();
  say(`Process ${first.pid} listens on ${first.url}.\nIts runs are in ${file}.`);
  const csv = await readFile(new URL('./data/orders.csv', import.meta.url), 'utf8');
  const graph = await getGraph(first.url, 'orders');
  const runId = await startRun(first.url, 'orders', { csv });
  const watch = watcher(graph, runId, log);
  await watch(first, `${victim} runs and ${sibling} is done`, isInTheMiddle, killAfter);

  title(`2  Kill process ${first.pid} in the middle of ${victim} (SIGKILL)`);
  await first.kill();
  const atKill = readLog(log);
  if (countBodyRuns(atKill).get(victim)?.last !== 'begin') {
    throw new Error(`The kill came too late: ${victim} was not running any more.`);
  }
  say(`It is gone, and ${victim} had begun but was not done.`);

  title('3  Start another server on the same file; the run goes on by itself');
  const second = await start();
  say(`Process ${second.pid} listens on ${second.url}.`);
  await watch(second, 'the run waits for an approval', (run) => run.status === 'suspended');

  title('4  Approve over HTTP; payment and carrier fail at first and are tried again');
  await resumeRun(second.url, runId, 'ask-approval', { approved: true, by: 'npm run demo' });
  const last = await watch(
    second,
    'the run is over',
    (run) => !['running', 'waiting', 'suspended'].includes(run.status),
  );
  if (last.status !== 'success')
    throw new Error(`The run ended as ${last.status}: ${last.error?.message ?? ''}`);

  title('5  What the steps themselves wrote down');
  const proof = checkExecutions(atKill, readLog(log), victim);
  say(proof.table);
  if (proof.problems.length > 0) throw new Error(proof.problems.join('\n'));
  say(`\nNo step that was finished before the kill ran again.\nOnly ${victim} was begun a second time.`);

  title('6  The result');
  say(report(ordersResult.parse(last.result)));
  await second.stop();
  say(
    `\nLook at the run:\n  npm run dev -- --file ${relative('.', file)}\n  curl -sS http://127.0.0.1:4400/runs/${runId}`,
  );
}

/** Whether the victim runs while its sibling's result is stored already. */
function isInTheMiddle(run: RunAnswer, entries: readonly LogEntry[]): boolean {
  const began = countBodyRuns(entries).get(victim)?.last === 'begin';
  return began && run.steps[victim]?.status === 'running' && run.steps[sibling]?.status === 'success';
}

type Reached = (run: RunAnswer, entries: readonly LogEntry[]) => boolean;

/**
 * Shows the run until it has come so far, and `linger` ms longer; resolves with what it was when it came there. Throws
 * when it does not come there in time.
 */
type Watch = (server: ServerProcess, what: string, reached: Reached, linger?: number) => Promise<RunAnswer>;

function watcher(graph: readonly TreeEntry[], runId: string, log: string): Watch {
  const tree = liveTree(process.stdout);
  return async (server, what, reached, linger = 0) => {
    let end = Date.now() + partTimeout;
    let found: RunAnswer | undefined;
    while (found === undefined || Date.now() < end) {
      const run = await getRun(server.url, runId);
      const entries = readLog(log);
      tree.show(treeRows({ graph, run, now: Date.now(), bodyRuns: countBodyRuns(entries) }));
      if (found === undefined && reached(run, entries)) {
        found = run;
        end = Date.now() + linger;
      }
      if (found === undefined && Date.now() > end) {
        throw new Error(`It took more than ${partTimeout / 1000} s until ${what}.`);
      }
      await delay(100);
    }
    tree.leave();
    return found;
  };
}

const overall = setTimeout(() => {
  console.error(`The demo took more than ${demoTimeout / 1000} s and was given up.`);
  process.exit(1);
}, demoTimeout);
// The servers are ended when this process exits, however it does.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => process.exit(code));
}
try {
  await main();
} catch (error) {
  console.error(`\nThe demo failed. ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
} finally {
  clearTimeout(overall);
}
