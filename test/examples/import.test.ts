import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importFile } from '../../examples/import/import-file.ts';
import { type LedgerFile, openLedger } from '../../examples/import/ledger.ts';
import { checkRow, type Delivery, readRows } from '../../examples/import/rows.ts';

const path = fileURLToPath(new URL('../../examples/import/data/deliveries.csv', import.meta.url));
const csv = readFileSync(path, 'utf8');
const corrections = new Map([[9, 'D-2108,TEA-100G,12,2026-03-04']]);

let folder: string;
let ledger: LedgerFile;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'));
  ledger = openLedger(join(folder, 'ledger.db'));
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What an import gives, and what it said. */
async function call(change: Partial<Parameters<typeof importFile>[0]> = {}) {
  const said: string[] = [];
  const summary = await importFile({
    csv,
    ledger,
    runsFile: join(folder, 'runs.db'),
    corrections,
    cancelAfter: 5,
    say: (text) => said.push(text.replace(/import-[0-9a-f]{16}/, 'ID')),
    ...change,
  });
  return { summary, said };
}

describe('an import', () => {
  it('goes on after a cancellation, a broken row and a lost answer, and enters each delivery once', async () => {
    const { summary, said } = await call();
    expect(said).toEqual([
      'Start run ID.',
      '5 rows are checked: cancel.',
      'Canceled in check-row. Time travel to check-row, with the same input.',
      'Failed in check-row: Line 9: quantity "twelve" is not a whole number from 1 to 99999.',
      'Time travel to check-row, with that line corrected.',
      'Write 2: 4 deliveries are entered, but the connection is lost before the answer.',
      'Write 2 again, with the same key: the ledger answers as before, and enters nothing.',
    ]);
    expect(summary).toEqual({ rows: 12, batches: 3, entered: 12, known: 0 });
    expect(ledger.count()).toBe(12);
    expect(ledger.pieces()).toContainEqual({ product: 'TEA-100G', pieces: 72 });
    expect(ledger.pieces()).toContainEqual({ product: 'COFFEE-1KG', pieces: 96 });
  });

  it('executes nothing when it is done already', async () => {
    const { summary } = await call();
    const refusing = { write: () => Promise.reject(new Error('written again')) };
    const again = await call({ ledger: refusing, corrections: new Map() });
    expect(again.summary).toEqual(summary);
    expect(again.said).toEqual(['Run ID was started before (success): what is done of it stays.']);
  });

  it('ends at a broken row that nobody corrects, and goes on when somebody does', async () => {
    const first = await call({ corrections: new Map() });
    expect(first.summary).toBeUndefined();
    expect(first.said.at(-1)).toBe("Call again with what is right: --correct '9=...'");
    expect(ledger.count()).toBe(0);

    const second = await call({ corrections: new Map([[9, 'D-2108,TEA-100G,,2026-03-04']]) });
    expect(second.summary).toBeUndefined();
    expect(second.said).toContain('Failed in check-row: Line 9: quantity is empty.');

    const third = await call();
    expect(third.said.slice(0, 3)).toEqual([
      'Run ID was started before (failed): what is done of it stays.',
      'Failed in check-row: Line 9: quantity is empty.',
      'Time travel to check-row, with that line corrected.',
    ]);
    expect(third.summary).toMatchObject({ rows: 12, entered: 12 });
  });

  it('goes on with the batches that are missing when the ledger could not be written to', async () => {
    const full = {
      write: (key: string, batch: readonly Delivery[]) =>
        batch.some(({ line }) => line === 6)
          ? Promise.reject(new Error('the disk is full'))
          : ledger.write(key, batch),
    };
    const first = await call({ ledger: full, cancelAfter: 0 });
    expect(first.summary).toBeUndefined();
    expect(first.said.at(-1)).toBe('Failed in write-batch: the disk is full');
    expect(ledger.count()).toBe(4);

    const lines: number[][] = [];
    const watched = {
      write: (key: string, batch: readonly Delivery[]) => {
        lines.push(batch.map(({ line }) => line));
        return ledger.write(key, batch);
      },
    };
    const second = await call({ ledger: watched });
    expect(second.said).toContain('Time travel to write-batch, with the same input.');
    expect(second.summary).toEqual({ rows: 12, batches: 3, entered: 12, known: 0 });
    // The answer to the second write of a call is lost, so it comes twice.
    expect(lines).toEqual([
      [6, 7, 8, 9],
      [10, 11, 12, 13],
      [10, 11, 12, 13],
    ]);
    expect(ledger.count()).toBe(12);
  });

  it('finds deliveries in the ledger that were entered by an execution that failed', async () => {
    const mute = {
      write: async (key: string, batch: readonly Delivery[]) => {
        await ledger.write(key, batch);
        throw new Error('no answer');
      },
    };
    expect((await call({ ledger: mute, cancelAfter: 0 })).summary).toBeUndefined();
    expect(ledger.count()).toBe(4);
    expect((await call()).summary).toEqual({ rows: 12, batches: 3, entered: 8, known: 4 });
    expect(ledger.count()).toBe(12);
  });

  it('finds the deliveries in the ledger when the runs are lost', async () => {
    await call();
    const { summary } = await call({ runsFile: join(folder, 'other-runs.db'), cancelAfter: 0 });
    expect(summary).toEqual({ rows: 12, batches: 3, entered: 0, known: 12 });
    expect(ledger.count()).toBe(12);
  });

  it('fails on a file that has not the columns', async () => {
    const { summary, said } = await call({ csv: 'delivery,quantity\nD-1,2\n' });
    expect(summary).toBeUndefined();
    expect(said.at(-1)).toBe('Failed in parse: The first line lacks product, received.');
  });
});

describe('a file of deliveries', () => {
  const heading = 'delivery,product,quantity,received';

  it('may have its columns in another order, quoted fields, CRLF and a byte order mark', () => {
    const text = '\uFEFFReceived,note,Quantity,Delivery,Product\r\n2026-03-02,"a, b",3,D-1,P\r\n\r\n';
    expect(readRows(text).map(checkRow)).toEqual([
      { line: 2, delivery: 'D-1', product: 'P', quantity: 3, received: '2026-03-02' },
    ]);
  });

  it.each([
    ['D-1,P,1', 'Line 2: received is empty.'],
    ['D-1,,1,2026-03-02', 'Line 2: product is empty.'],
    ['D-1,P,0,2026-03-02', 'Line 2: quantity "0" is not a whole number from 1 to 99999.'],
    ['D-1,P,1,2026-02-30', 'Line 2: received "2026-02-30" is not a date such as 2026-03-02.'],
  ])('has a row that is none: %s', (line, message) => {
    const [row] = readRows(`${heading}\n${line}\n`);
    expect(row).toBeDefined();
    expect(() => row && checkRow(row)).toThrow(message);
  });

  it.each([
    ['', 'The file is empty'],
    [`${heading}\n"D-1,P,1\n`, 'The file is no CSV'],
  ])('is refused as a whole: %j', (text, message) => {
    expect(() => readRows(text)).toThrow(message);
  });
});

describe('the ledger', () => {
  const row = (delivery: string): Delivery => ({
    line: 2,
    delivery,
    product: 'P',
    quantity: 3,
    received: '2026-03-02',
  });

  it('gives the same answer to the same key, and knows deliveries by their number', async () => {
    const answer = { entered: 2, known: 0 };
    expect(await ledger.write('k', [row('D-1'), row('D-2')])).toEqual(answer);
    expect(await ledger.write('k', [row('D-1'), row('D-2')])).toEqual(answer);
    expect(await ledger.write('other', [row('D-2'), row('D-3')])).toEqual({ entered: 1, known: 1 });
    expect(ledger.pieces()).toEqual([{ product: 'P', pieces: 9 }]);
  });

  it('enters all of a batch or nothing', async () => {
    const batch = [row('D-1'), { ...row('D-2'), quantity: 0.5 }];
    await expect(ledger.write('k', batch)).rejects.toThrow('cannot store REAL value in INTEGER column');
    expect(ledger.count()).toBe(0);
    expect(await ledger.write('k', [row('D-1')])).toEqual({ entered: 1, known: 0 });
  });
});

describe('the command', () => {
  const command = fileURLToPath(new URL('../../examples/import/run.ts', import.meta.url));
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const argv = ['--conditions=evented-workflows-source', command, ...args];
      const child = execFile(process.execPath, argv, (_error, out, err) => {
        resolve({ code: child.exitCode ?? -1, out, err });
      });
    });

  it('imports the file of the example, and a second time nothing more', async () => {
    const file = join(folder, 'new', 'ledger.db');
    for (const before of [0, 12]) {
      const { code, out, err } = await run('--ledger', file);
      expect(err).toBe('');
      expect(code).toBe(0);
      expect(out).toContain(`Import deliveries.csv into ${file}, which has ${before} deliveries.`);
      expect(out).toContain('Done: 12 rows in 3 batches, 12 deliveries entered, 0 were there already.');
      expect(out).toContain('  COFFEE-1KG    96\n');
    }
  });

  it('ends with a code of its own when a row has to be corrected', async () => {
    const own = join(folder, 'own.csv');
    writeFileSync(own, csv);
    const { code, out } = await run(own, '--ledger', join(folder, 'ledger.db'), '--cancel-after=0');
    expect(code).toBe(1);
    expect(out).toContain("Call again with what is right: --correct '9=...'");
    expect(out).toContain('It is not done; 0 deliveries are in the ledger.');
  });

  it.each([
    [['no-such-file.csv'], 'Cannot read deliveries from no-such-file.csv: there is no such file.'],
    [['--correct', 'nine'], '--correct is "nine"; it must be a line of the file and its text'],
    [['--frobnicate'], 'Usage: '],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, out, err } = await run('--ledger', join(folder, 'unused.db'), ...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
  });
});
