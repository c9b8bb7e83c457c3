import { randomUUID } from 'node:crypto';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isWorkflowError } from 'evented-workflows';
import { createRuntime, type Runtime } from 'evented-workflows/runtime';
import { sqliteBackend } from 'evented-workflows/sqlite';
import { FileError, readDocument } from './files.ts';
import { follow, liveProgress, nothingDone } from './progress.ts';
import { report } from './report.ts';
import { documentsResult, documentsWorkflow } from './workflow.ts';

/**
 * Analyses text files, and goes on with an analysis that was broken off:
 *   node examples/documents/run.ts [files...] [--run <id>] [--file .evented/documents.db] [--words 80] [--pause 1000]
 */
const usage = `Usage: node --conditions=evented-workflows-source examples/documents/run.ts [files...]
  --run <id>      the run to start, or to go on with  (default: a new one)
  --file <path>   the SQLite file that keeps the runs  (default: .evented/documents.db)
  --words <n>     how long a summary may be, 1 to 10000 words  (default: 80)
  --pause <ms>    pause between the two passes, 0 to 86400000 ms  (default: 1000)`;

/** Exit codes: what a script needs to tell apart. */
const exit = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A wrong call, whose message is all that somebody needs. */
class UsageError extends Error {}

interface Call {
  readonly files: readonly string[];
  readonly runId: string;
  readonly database: string;
  readonly words: number;
  readonly pauseMs: number;
}

async function main(): Promise<number> {
  const call = readArguments();
  const runtime = createRuntime({
    workflows: [documentsWorkflow],
    backend: sqliteBackend({ file: call.database }),
  });
  const interrupted = Promise.withResolvers<number>();
  process.once('SIGINT', () => {
    interrupted.resolve(exit.interrupted);
  });
  try {
    const code = await Promise.race([analyse(runtime, call), interrupted.promise]);
    if (code === exit.interrupted) {
      const other = call.database === readArguments([]).database ? '' : ` --file ${call.database}`;
      console.error(`\nInterrupted. Go on with: --run ${call.runId}${other}`);
    }
    return code;
  } finally {
    // Waits for the parts in work, so that nothing of them has to be done again.
    await runtime.close();
  }
}

/** Starts the run, or goes on with it, and shows how it goes until it is over. */
async function analyse(runtime: Runtime, call: Call): Promise<number> {
  const { runId } = call;
  const stored = await documentsWorkflow.getWorkflowRunById(runId, { fields: [] });
  if (stored === null || stored.status === 'pending') {
    // Read before anything is stored: a file that cannot be read leaves no run behind.
    const documents = await Promise.all(call.files.map(readDocument));
    const run = await documentsWorkflow.createRun({ runId });
    const quality = { words: call.words, coverage: 0.6 };
    await run.startAsync({ inputData: { documents, quality, pauseMs: call.pauseMs } });
    console.error(`Run ${runId}`);
  } else {
    console.error(`Run ${runId} goes on, with the files that it was started with`);
  }
  const run = await documentsWorkflow.createRun({ runId });
  const show = liveProgress(process.stderr);
  let progress = nothingDone;
  // From the start of the run, whoever executes it and however often it was broken off.
  for await (const event of run.observeStream()) {
    progress = follow(progress, event);
    show(progress);
  }
  const result = await runtime.result({ runId });
  if (result.status !== 'success') {
    console.error(result.error?.message ?? `The run ended with status ${result.status}.`);
    return exit.failed;
  }
  console.log(report(documentsResult.parse(result.result)));
  return exit.done;
}

const defaultFiles = ['README.md', 'ARCHITECTURE.md'].map((name) =>
  relative('', fileURLToPath(new URL(`../../${name}`, import.meta.url))),
);

function readArguments(args = process.argv.slice(2)): Call {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        run: { type: 'string', default: `documents-${randomUUID()}` },
        file: { type: 'string', default: '.evented/documents.db' },
        words: { type: 'string', default: '80' },
        pause: { type: 'string', default: '1000' },
      },
    });
    return {
      files: positionals.length === 0 ? defaultFiles : positionals,
      runId: values.run,
      database: values.file,
      words: wholeNumber('--words', values.words, 1, 10_000),
      pauseMs: wholeNumber('--pause', values.pause, 0, 86_400_000),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${reason}\n${usage}`, { cause: error });
  }
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new RangeError(`${option} is "${text}"; it must be a whole number from ${least} to ${most}.`);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const isUsage =
    error instanceof UsageError ||
    error instanceof FileError ||
    isWorkflowError(error, 'WORKFLOW_ARGUMENT_INVALID', 'WORKFLOW_SCHEMA_VALIDATION_FAILED');
  process.exitCode = isUsage ? exit.usage : exit.failed;
}
