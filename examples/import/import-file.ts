import { createHash } from 'node:crypto';
import { createRuntime } from 'evented-workflows/runtime';
import { sqliteBackend } from 'evented-workflows/sqlite';
import type { Ledger } from './ledger.ts';
import { holdAfter, losingOneAnswer, type Say } from './mishaps.ts';
import { type BrokenRow, type RawRow, readRows } from './rows.ts';
import { type ImportSummary, importWorkflow } from './workflow.ts';

/** What is imported, and how. */
export interface ImportRequest {
  readonly csv: string;
  readonly ledger: Ledger;
  /** Where the runs are kept. */
  readonly runsFile: string;
  /** What to take instead of a line of the file, by its number. */
  readonly corrections: ReadonlyMap<number, string>;
  /** The run is canceled when so many rows are checked; 0: never. */
  readonly cancelAfter: number;
  readonly say: Say;
}

/**
 * Imports a file; undefined when it cannot go on before somebody has corrected something. The run's id comes from what the file
 * says, so a second call with the same file goes on with what the first one left, or finds that all is done.
 */
export async function importFile(request: ImportRequest): Promise<ImportSummary | undefined> {
  const { csv, ledger, runsFile, say } = request;
  const runId = `import-${createHash('sha256').update(csv).digest('hex').slice(0, 16)}`;
  const hold = holdAfter(request.cancelAfter, async () => {
    say(`${request.cancelAfter} rows are checked: cancel.`);
    await (await workflow.createRun({ runId })).cancel();
  });
  const workflow = importWorkflow({ ledger: losingOneAnswer(ledger, say), onCheck: hold.onCheck });
  const runtime = createRuntime({ workflows: [workflow], backend: sqliteBackend({ file: runsFile }) });
  try {
    const run = await workflow.createRun({ runId });
    const before = run.workflowRunStatus;
    if (before === 'pending') {
      say(`Start run ${runId}.`);
    } else {
      say(`Run ${runId} was started before (${before}): what is done of it stays.`);
      hold.release();
    }
    const corrections = new Map(request.corrections);
    // What failed in an earlier call may work now: it is tried once more, whatever it was.
    let mayTryAgain = before === 'failed';

    let result = await run.start({ inputData: { csv } });
    while (result.status !== 'success') {
      const step = firstUnfinished(result.steps);
      if (result.status === 'canceled') {
        say(`Canceled in ${step}. Time travel to ${step}, with the same input.`);
        hold.release();
        result = await run.timeTravel({ step });
        continue;
      }
      if (result.status !== 'failed') throw new Error(`The run came to a stop: ${result.status}.`);

      const { error, steps: found } = result;
      say(`Failed in ${step}: ${error.message}`);
      const rows = found.parse?.status === 'success' ? found.parse.output : [];
      const fixed = correctedRows(rows, error, { csv, corrections });
      if (fixed === undefined && !mayTryAgain) {
        if (lineOf(error) !== undefined)
          say(`Call again with what is right: --correct '${lineOf(error)}=...'`);
        return undefined;
      }
      mayTryAgain = false;
      say(`Time travel to ${step}, with ${fixed === undefined ? 'the same input' : 'that line corrected'}.`);
      result = await run.timeTravel({ step, ...(fixed && { inputData: fixed }) });
    }
    return result.result;
  } finally {
    await runtime.close();
  }
}

/** In their order; the first one that was no success has to be executed again. */
const steps = ['parse', 'check-row', 'write-batch', 'summarize'] as const;

type StepId = (typeof steps)[number];

function firstUnfinished(results: { readonly [Id in StepId]?: { readonly status: string } }): StepId {
  return steps.find((id) => results[id]?.status !== 'success') ?? 'summarize';
}

/** The rows with a correction for the broken one, which is used up by it; undefined when there is none. */
function correctedRows(
  rows: readonly RawRow[],
  error: Error,
  { csv, corrections }: { readonly csv: string; readonly corrections: Map<number, string> },
): RawRow[] | undefined {
  const line = lineOf(error);
  const text = line === undefined ? undefined : corrections.get(line);
  if (line === undefined || text === undefined) return undefined;
  corrections.delete(line);
  // Its fields are in the order of the file's heading.
  const heading = csv.slice(0, csv.search(/[\r\n]/));
  const [row] = readRows(`${heading}\n${text}\n`);
  return row && rows.map((old) => (old.line === line ? { ...row, line } : old));
}

/** The line of a broken row. An error that comes out of the store has its name and its properties, but not its class. */
function lineOf(error: Error): number | undefined {
  const { name, line } = error as Partial<BrokenRow>;
  return name === 'BrokenRow' ? line : undefined;
}
