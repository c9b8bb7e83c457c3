import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { importFile } from './import-file.ts';
import { type LedgerFile, openLedger } from './ledger.ts';

/** Imports a file of deliveries into a ledger, and shows on the way what a run survives. */
const usage = `Usage: node --conditions=evented-workflows-source examples/import/run.ts [file.csv]
  --ledger FILE          where deliveries are entered; the runs are kept beside it
                         (.cache/import/ledger.db)
  --correct 'LINE=TEXT'  what to take instead of a line; may be given several times
  --cancel-after ROWS    the run is canceled when so many rows are checked; 0: never (5)`;

/** Exit codes: what a script needs to tell apart. */
const exit = { done: 0, failed: 1, usage: 2 } as const;

/** The file of the example, and what is right in its broken line. */
const sample = fileURLToPath(new URL('./data/deliveries.csv', import.meta.url));
const sampleCorrections = ['9=D-2108,TEA-100G,12,2026-03-04'];

const say = (text: string): void => console.log(text);

/** A wrong call, whose message is all that somebody needs. */
class UsageError extends Error {}

async function main(): Promise<number> {
  const { path, ledgerFile, corrections, cancelAfter } = readArguments();
  const csv = await readText(path);
  const ledger = openLedger(ledgerFile);
  try {
    say(`Import ${basename(path)} into ${ledgerFile}, which has ${ledger.count()} deliveries.`);
    const summary = await importFile({
      csv,
      ledger,
      runsFile: `${ledgerFile}-runs`,
      corrections,
      cancelAfter,
      say,
    });
    if (summary === undefined) {
      say(`It is not done; ${ledger.count()} deliveries are in the ledger.`);
      return exit.failed;
    }
    const { rows, batches, entered, known } = summary;
    say(
      `Done: ${rows} rows in ${batches} batches, ${entered} deliveries entered, ${known} were there already.\n`,
    );
    say(ledgerText(ledger));
    return exit.done;
  } finally {
    ledger.close();
  }
}

function ledgerText(ledger: LedgerFile): string {
  const lines = ledger.pieces().map(({ product, pieces }) => `  ${product.padEnd(14)}${pieces}`);
  return [`The ledger has ${ledger.count()} deliveries. Pieces by product:`, ...lines].join('\n');
}

interface Call {
  readonly path: string;
  readonly ledgerFile: string;
  /** Text by line. */
  readonly corrections: ReadonlyMap<number, string>;
  readonly cancelAfter: number;
}

function readArguments(): Call {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        ledger: { type: 'string', default: join('.cache', 'import', 'ledger.db') },
        correct: { type: 'string', multiple: true },
        'cancel-after': { type: 'string', default: '5' },
      },
    });
    if (positionals.length > 1) throw new UsageError('Only one file at a time.');
    const [path = sample] = positionals;
    const corrections = values.correct ?? (path === sample ? sampleCorrections : []);
    const cancelAfter = values['cancel-after'];
    if (!/^\d{1,6}$/.test(cancelAfter)) {
      throw new UsageError(`--cancel-after is "${cancelAfter}"; it must be a whole number from 0 to 999999.`);
    }
    return {
      path,
      ledgerFile: values.ledger,
      corrections: new Map(corrections.map(readCorrection)),
      cancelAfter: Number(cancelAfter),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${reason}\n${usage}`, { cause: error });
  }
}

function readCorrection(option: string): [number, string] {
  const [, line, text] = /^(\d+)=(.+)$/s.exec(option) ?? [];
  if (line !== undefined && text !== undefined) return [Number(line), text];
  throw new UsageError(`--correct is "${option}"; it must be a line of the file and its text, such as 9=...`);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason = code === 'ENOENT' ? 'there is no such file' : `reading it failed (${String(code)})`;
    throw new UsageError(`Cannot read deliveries from ${path}: ${reason}.`, { cause: error });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? exit.usage : exit.failed;
}
