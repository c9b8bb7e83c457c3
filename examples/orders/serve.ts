import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startLocalServer } from 'evented-workflows/local';
import type { Around } from './around.ts';
import { logged } from './execution-log.ts';
import { ordersWorkflow } from './workflow.ts';

/**
 * Serves the example over HTTP until it is told to stop, with its runs in one SQLite file:
 *   node examples/orders/serve.ts [--port 4400] [--file .evented/orders.db]
 * The demo adds `--log <file>` (see execution-log.ts), `--slow <step>=<ms>` and `--retry-delay <ms>`.
 */
const usage = 'Usage: npm run dev -- [--port 4400] [--file .evented/orders.db]';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4400' },
      file: { type: 'string', default: '.evented/orders.db' },
      log: { type: 'string' },
      slow: { type: 'string', multiple: true, default: [] },
      'retry-delay': { type: 'string', default: '0' },
    },
  });
  const port = wholeNumber('--port', values.port, 65_535);
  const retryDelay = wholeNumber('--retry-delay', values['retry-delay'], 60_000);

  const workflow = ordersWorkflow({ retryDelay, around: bodyWrapper(values.log, pauses(values.slow)) });
  const server = await startLocalServer({ workflows: [workflow], file: values.file, port });

  console.log(`Listening on ${server.url}`);
  console.log(instructions(server.url, values.file));

  let stopping = false;
  const stop = (): void => {
    // Asked twice: whoever asks does not want to wait for steps in flight.
    if (stopping) process.exit(130);
    stopping = true;
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        fail(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // Where another process started this one (the demo), it does not outlive it.
  process.once('disconnect', stop);
}

/** Milliseconds that the body of a step takes longer, by step id. */
function pauses(options: readonly string[]): Map<string, number> {
  return new Map(
    options.map((option) => {
      const [step = '', ms = ''] = option.split('=');
      return [step, wholeNumber('--slow', ms, 60_000)];
    }),
  );
}

function bodyWrapper(log: string | undefined, slow: ReadonlyMap<string, number>): Around {
  return async (execution, body) => {
    const slowBody: typeof body = async () => {
      const ms = slow.get(execution.stepId);
      if (ms !== undefined) await delay(ms);
      return await body();
    };
    return await (log === undefined ? slowBody() : logged(log, execution, slowBody));
  };
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new RangeError(`${option} is "${text}"; it must be a whole number from 0 to ${most}. ${usage}`);
}

function instructions(url: string, file: string): string {
  const encode = `node -p 'JSON.stringify({ inputData: { csv: fs.readFileSync("examples/orders/data/orders.csv", "utf8") } })'`;
  const post = `curl -sS -H 'content-type: application/json'`;
  const answer = `{"step":"ask-approval","resumeData":{"approved":true,"by":"me"}}`;
  return `Runs are kept in ${file}

Start a run; the answer names its runId:
  ${encode} |
    ${post} -d @- ${url}/workflows/orders/runs
Look at it (with that runId instead of RUN), and follow its events:
  curl -sS ${url}/runs/RUN
  curl -sS '${url}/runs/RUN/events?wait=20'
It waits for a decision about the total; approve or reject it:
  ${post} -d '${answer}' ${url}/runs/RUN/resume
Cancel it:
  curl -sS -X POST ${url}/runs/RUN/cancel

Stop with Ctrl+C: unfinished runs go on at the next start.`;
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
}

try {
  await main();
} catch (error) {
  fail(error);
  process.exitCode = 1;
}
