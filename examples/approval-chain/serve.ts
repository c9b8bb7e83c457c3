import { parseArgs } from 'node:util';
import { defaultPort, startLocalServer } from 'evented-workflows/local';
import { approvalChain } from './workflow.ts';

/**
 * Serves the chain over HTTP on 127.0.0.1 until it is told to stop, with its runs in one SQLite file, and prints whom it
 * would write to:
 *   node examples/approval-chain/serve.ts [--port 4400] [--file .evented/approvals.db]
 */
const usage =
  'Usage: node --conditions=evented-workflows-source examples/approval-chain/serve.ts [--port 4400] [--file .evented/approvals.db]';

async function main(): Promise<void> {
  const { port, file } = readArguments();
  const { workflows } = approvalChain({
    tell: ({ kind, to, runId, text }) => {
      // Texts come from whoever starts a run, and a terminal obeys control characters.
      console.log(`[${runId}] ${kind} to ${to}: ${text}`.replaceAll(/\p{Cc}+/gu, ' '));
    },
    now: Date.now,
  });
  const server = await startLocalServer({ workflows, file, port });
  console.log(`Listening on ${server.url}\n${instructions(server.url, file)}`);

  let stopping = false;
  const stop = (): void => {
    // Asked twice: whoever asks does not want to wait for steps in flight.
    if (stopping) process.exit(130);
    stopping = true;
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(messageOf(error));
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function readArguments(): { port: number; file: string } {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: String(defaultPort) },
      file: { type: 'string', default: '.evented/approvals.db' },
    },
  });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new RangeError(`--port is "${values.port}"; it must be a whole number from 0 to 65535.`);
  }
  return { port, file: values.file };
}

function instructions(url: string, file: string): string {
  const post = `curl -sS -H 'content-type: application/json'`;
  const input = {
    item: 'network scanner',
    amountCents: 489_900,
    requester: 'Iris',
    reminders: { everyMs: 20_000, most: 2 },
  };
  const resume = (label: string, resumeData: object): string =>
    `  ${post} -d '${JSON.stringify({ label, resumeData })}' ${url}/runs/scanner/resume`;
  return `Runs are kept in ${file}

Start a purchase; its reminders come every 20 s, and after two of them the question goes to the deputy:
  ${post} -d '${JSON.stringify({ runId: 'scanner', inputData: input })}' ${url}/workflows/purchase/runs
See who is waited for (suspendedPaths, resumeLabels) and the audit trail (initialState):
  curl -sS ${url}/runs/scanner
Answer, in any order:
${resume('manager', { action: 'approve', by: 'Mona', note: 'needed for the audit' })}
${resume('finance', { action: 'approve', by: 'Fred', costCentre: '4711' })}
${resume('security', { action: 'approve', by: 'Sam', conditions: ['in its own network'] })}
Or reject, which ends the run:
${resume('finance', { action: 'reject', by: 'Fred', reason: 'not in this year' })}
All purchases that wait for somebody:
  curl -sS '${url}/runs?workflowId=purchase&status=suspended'

Stop with Ctrl+C: questions and reminders go on at the next start.`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  await main();
} catch (error) {
  console.error(`${messageOf(error)}\n${usage}`);
  process.exitCode = 1;
}
