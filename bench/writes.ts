import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createStep, createWorkflow } from 'evented-workflows';
import { createRuntime } from 'evented-workflows/runtime';
import { sqliteBackend } from 'evented-workflows/sqlite';
import { z } from 'zod';

const steps = 20;
const bytes = 20_000;
const runs = 5;

/** Records as an interface of a shop would give them: half of each is names and words that come again. */
function records(): unknown {
  const words = ['approved', 'pending', 'address', 'invoice', 'customer', 'delivery', 'payment', 'Berlin'];
  const word = (): string => words[randomBytes(1).readUInt8() % words.length] ?? '';
  const rows: unknown[] = [];
  for (let length = 0; length < bytes; length = JSON.stringify(rows).length) {
    rows.push({
      id: randomBytes(16).toString('hex'),
      createdAt: new Date(randomBytes(4).readUInt32BE() * 400).toISOString(),
      amount: randomBytes(2).readUInt16BE() / 100,
      customer: { name: `${word()} ${word()}`, email: `${randomBytes(4).toString('hex')}@example.com` },
      note: Array.from({ length: 12 }, word).join(' '),
    });
  }
  return rows;
}

/** What a run may pass on, by its name: from what shrinks a lot to what hardly shrinks. */
const payloads: Readonly<Record<string, () => unknown>> = {
  'records in JSON': records,
  'random hex': () => randomBytes(bytes / 2).toString('hex'),
  'random base64': () => randomBytes((bytes * 3) / 4).toString('base64'),
};

/** Bytes that this process has handed to the system so far. */
function written(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

/**
 * Bytes that are written for each byte of payload, with full history, by runs of 20 steps that return 20 KB each: the
 * write-ahead log and its copy into the database together. By the kind of payload; empty where the system does not count.
 */
export async function writeRatios(folder: string): Promise<Map<string, number>> {
  const ratios = new Map<string, number>();
  if (process.platform !== 'linux') return ratios;
  for (const [name, payload] of Object.entries(payloads)) {
    ratios.set(name, await writeRatio(join(folder, `${name}.db`), payload));
  }
  return ratios;
}

async function writeRatio(file: string, payload: () => unknown): Promise<number> {
  let total = 0;
  const schemas = { inputSchema: z.any(), outputSchema: z.any() };
  let built = createWorkflow({ id: 'writes', ...schemas });
  for (let n = 0; n < steps; n += 1) {
    const execute = async (): Promise<unknown> => {
      const output = payload();
      total += Buffer.byteLength(JSON.stringify(output));
      return output;
    };
    built = built.then(createStep({ id: `step-${n}`, ...schemas, execute }));
  }
  const runtime = createRuntime({ workflows: [built.commit()], backend: sqliteBackend({ file }) });
  const once = async (): Promise<void> => {
    const { runId } = await runtime.start({ workflowId: 'writes', inputData: 0 });
    await runtime.settled({ runId });
  };
  const other = new DatabaseSync(file);
  await once();
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  total = 0;
  const before = written();
  for (let run = 0; run < runs; run += 1) await once();
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const ratio = (written() - before) / total;
  other.close();
  await runtime.close();
  return ratio;
}
