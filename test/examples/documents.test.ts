import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowStreamEvent } from 'evented-workflows';
import { createRuntime, type Runtime } from 'evented-workflows/runtime';
import { sqliteBackend } from 'evented-workflows/sqlite';
import { memoryWithVirtualTime } from 'evented-workflows/testing';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { changedLines, follow, nothingDone, progressLines } from '../../examples/documents/progress.ts';
import { report } from '../../examples/documents/report.ts';
import { countsOf, splitDocument } from '../../examples/documents/text.ts';
import { documentsResult, documentsWorkflow } from '../../examples/documents/workflow.ts';

const folder = mkdtempSync(join(tmpdir(), 'documents-'));
const open: Runtime[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const topics = ['events', 'records', 'workers', 'leases', 'retries', 'timers', 'queues', 'tables'];
/** A text of `sections` sections, each about two topics. */
const guide = (sections: number): string =>
  Array.from({ length: sections }, (_, at) => {
    const [one, other] = [topics[at % 8], topics[(at * 3 + 1) % 8]];
    return `# About ${one}\n\nThe ${one} of section ${at} meet the ${other}. Some ${one} wait for ${other} that are late, and no ${one} are lost.`;
  }).join('\n\n');

const runId = 'run-1';

/** A runtime with virtual time, whose run stands in its pause. */
async function start(inputData: unknown) {
  const { clock, backend } = memoryWithVirtualTime();
  const runtime = createRuntime({ workflows: [documentsWorkflow], backend });
  open.push(runtime);
  await runtime.start({ workflowId: 'documents', runId, inputData });
  await clock.settle();
  return { runtime, clock };
}

async function resultOf(runtime: Runtime) {
  const run = await runtime.result({ runId });
  expect(run.status).toBe('success');
  return documentsResult.parse(run.result);
}

describe('the documents workflow', () => {
  it('analyses all parts, pauses for as long as it was told, and then writes the summaries', async () => {
    const documents = [
      { name: 'guide', text: guide(12) },
      { name: 'note', text: 'One short note.' },
    ];
    const { runtime, clock } = await start({ documents, pauseMs: 60_000 });
    const waiting = await runtime.get({ runId });
    expect(waiting).toMatchObject({ status: 'waiting', steps: { rank: { status: 'success' } } });
    expect(waiting?.steps).not.toHaveProperty('summarise');
    await clock.advance(59_999);
    expect((await runtime.get({ runId }))?.status).toBe('waiting');
    await clock.advance(1);

    const { documents: found, words } = await resultOf(runtime);
    const parts = splitDocument(0, documents[0]?.text ?? '');
    expect(parts).toHaveLength(12);
    const counted = parts.map(({ text }) => countsOf(text));
    expect(found[0]).toMatchObject({
      name: 'guide',
      parts: 12,
      counts: {
        words: counted.reduce((sum, one) => sum + one.words, 0),
        sentences: 24,
        syllables: counted.reduce((sum, one) => sum + one.syllables, 0),
      },
      hardest: { readingEase: expect.any(Number) },
    });
    expect(found[0]?.terms.map(({ stem }) => stem)).toEqual(
      expect.arrayContaining(topics.map((topic) => (topic === 'retries' ? 'retry' : topic.slice(0, -1)))),
    );
    expect(found[1]).toMatchObject({ name: 'note', counts: { words: 3 }, verdict: 'good', rounds: 1 });
    expect(words).toBe((found[0]?.counts.words ?? 0) + 3);
  });

  it('shortens a summary round by round until it is good', async () => {
    const { runtime, clock } = await start({
      documents: [{ name: 'guide', text: guide(24) }],
      quality: { words: 20, coverage: 0.2 },
    });
    await clock.runUntil(runtime.settled({ runId }));
    const { documents } = await resultOf(runtime);
    expect(documents[0]?.summary.words).toBeLessThanOrEqual(20);
    expect(documents[0]?.summary.coverage).toBeGreaterThanOrEqual(0.2);
    expect(documents[0]).toMatchObject({ verdict: 'good' });
    expect(documents[0]?.rounds).toBeGreaterThan(1);
  });

  it('leaves a summary longer where it would lose too much otherwise', async () => {
    const { runtime, clock } = await start({
      documents: [{ name: 'guide', text: guide(24) }],
      quality: { words: 5, coverage: 0.9 },
    });
    await clock.runUntil(runtime.settled({ runId }));
    const { documents } = await resultOf(runtime);
    expect(documents[0]).toMatchObject({ verdict: 'too long' });
    expect(documents[0]?.summary.coverage).toBeGreaterThanOrEqual(0.9);
    expect(report(await resultOf(runtime))).toContain('(a shorter one would lose too many of them)');
  });

  it('says of documents without words that they have none', async () => {
    const { runtime, clock } = await start({ documents: [{ name: 'empty', text: '' }] });
    await clock.runUntil(runtime.settled({ runId }));
    const result = await resultOf(runtime);
    expect(result).toMatchObject({ words: 0, documents: [{ name: 'empty', parts: 0, terms: [] }] });
    expect(report(result)).toBe(
      '1 document, 0 words, less than a minute\n\nempty\n  has no words to analyse',
    );
  });

  it.each([
    [{ documents: [] }],
    [{ documents: [{ name: '', text: 'x' }] }],
    [{ documents: [{ name: 'a', text: 7 }] }],
    [{ documents: [{ name: 'a', text: '' }], quality: { words: 0, coverage: 2 } }],
    [{ documents: [{ name: 'a', text: '' }], pauseMs: -1 }],
    [{}],
  ])('refuses an input that it cannot work with: %j', async (inputData) => {
    await expect(start(inputData)).rejects.toMatchObject({ code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED' });
  });
});

describe('progress', () => {
  it('follows the stream of a run from its start to its end', async () => {
    const { backend, clock } = memoryWithVirtualTime();
    const runtime = createRuntime({ workflows: [documentsWorkflow], backend });
    open.push(runtime);
    const run = await documentsWorkflow.createRun({ runId });
    const output = run.stream({ inputData: { documents: [{ name: 'guide', text: guide(12) }] } });
    await clock.runUntil(output.result);
    const events: WorkflowStreamEvent[] = [];
    for await (const event of output.fullStream) events.push(event);

    const all = [nothingDone];
    for (const event of events) all.push(follow(all.at(-1) ?? nothingDone, event));
    expect(progressLines(all.at(-1) ?? nothingDone)).toEqual([
      '✓ split      12 parts of 1 documents',
      '✓ analyse    ████████████████████ 12/12',
      '✓ pause',
      '✓ summarise  ████████████████████ 1/1',
    ]);
    const lines = all.slice(1).flatMap((after, at) => changedLines(all[at] ?? nothingDone, after));
    expect(lines).toContain('● pause');
    expect(lines.filter((line) => line.startsWith('● analyse')).length).toBeGreaterThan(9);
    expect(lines.filter((line) => line.includes(' words of "About '))).not.toEqual([]);
    expect(all.map((one) => one['analyse-part'].done)).toEqual(
      all.map((one) => one['analyse-part'].done).toSorted((a, b) => a - b),
    );
  });

  it('passes over what it does not know, and is no wider than it may be', () => {
    const output = (value: unknown): WorkflowStreamEvent => ({
      type: 'workflow-step-output',
      runId,
      from: 'USER',
      payload: { output: value, runId, stepName: 's' },
    });
    expect(follow(nothingDone, output({ pass: 'other' }))).toBe(nothingDone);
    expect(follow(nothingDone, output(null))).toBe(nothingDone);
    const name = `a\u001B[2J${'x'.repeat(200)}`;
    const long = follow(nothingDone, output({ pass: 'summarise', name, round: 1, words: 9, coverage: 0.5 }));
    expect(progressLines(long).at(-1)).toMatch(/^○ summarise {2}a \[2Jx+…$/);
    expect(progressLines(long).at(-1)).toHaveLength(80);
  });
});

describe('the command', () => {
  const command = fileURLToPath(new URL('../../examples/documents/run.ts', import.meta.url));
  const file = join(folder, 'documents.db');

  /** Runs the command in `folder`, and signals it as soon as it has said `until`. */
  const run = (args: readonly string[], until?: string) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
      const call = ['--conditions=evented-workflows-source', command, ...args];
      const child = spawn(process.execPath, call, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
      let [out, err] = ['', ''];
      let signalled = until === undefined;
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString();
        if (signalled || !err.includes(until ?? '')) return;
        signalled = true;
        child.kill('SIGINT');
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out, err }));
    });

  it('reports on its own documentation in at most 80 columns', async () => {
    const { code, out, err } = await run(['--pause', '0', '--file', file]);
    expect(code).toBe(0);
    expect(out).toMatch(/^2 documents, \d+ words, \d+ min to read\n/);
    expect(out).toMatch(/ARCHITECTURE\.md\n {2}length +\d+ words, \d+ sentences, \d+ parts/);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(err).toMatch(/^Run documents-[0-9a-f-]{36}\n● split\n/);
    expect(err).not.toContain('\u001B');
  });

  it('goes on after Ctrl-C with the run that it was given, and reads its files no more', async () => {
    const text = join(folder, 'guide.md');
    writeFileSync(text, guide(6));
    const args = ['--run', 'mine', '--file', file];
    const first = await run([...args, '--pause', '3600000', text], '● pause');
    expect(first).toMatchObject({ code: 130, out: '' });
    expect(first.err).toContain('Interrupted. Go on with: --run mine --file');
    rmSync(text);

    // An hour later, in the place of the command.
    const clock = {
      now: () => Date.now() + 3_600_000,
      timer: (ms: number, callback: () => void) => {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    };
    const runtime = createRuntime({
      workflows: [documentsWorkflow],
      backend: sqliteBackend({ file, clock }),
    });
    open.push(runtime);
    expect(await runtime.settled({ runId: 'mine' })).toBe('success');
    await Promise.all(open.splice(0).map((one) => one.close()));

    const last = await run(args);
    expect(last.code).toBe(0);
    expect(last.err).toContain('Run mine goes on, with the files that it was started with\n');
    expect(last.err).toContain('✓ summarise');
    expect(last.out).toContain('guide.md\n  length     ');
  });

  it('takes an empty file', async () => {
    writeFileSync(join(folder, 'empty.txt'), '');
    const { code, out } = await run(['empty.txt', '--pause', '0', '--file', file]);
    expect(code).toBe(0);
    expect(out).toContain('empty.txt\n  has no words to analyse');
  });

  writeFileSync(join(folder, 'binary.dat'), Buffer.from([0x50, 0x4b, 0x03, 0x04, 0x00]));
  writeFileSync(join(folder, 'latin.txt'), Buffer.from([0x63, 0x61, 0x66, 0xe9]));
  writeFileSync(join(folder, 'huge.txt'), 'word '.repeat(1_000_000));
  writeFileSync(join(folder, 'no.db'), 'not a database, but long enough to have a heading'.repeat(10));

  it.each([
    [['no-such-file.md'], 2, 'Cannot read no-such-file.md: there is no such file.'],
    [['.'], 2, 'Cannot read .: it is a directory.'],
    [['binary.dat'], 2, 'Cannot analyse binary.dat: it is a binary file.'],
    [['latin.txt'], 2, 'Cannot analyse latin.txt: it is not text in UTF-8.'],
    [['huge.txt'], 2, 'Cannot analyse huge.txt: it has 5000000 bytes'],
    [['--words', '0'], 2, '--words is "0"; it must be a whole number from 1 to 10000.'],
    [['--run', ''], 2, 'runId'],
    [['--frobnicate'], 2, 'Usage: '],
    [['--file', 'no.db'], 1, 'no.db'],
  ] as const)('says what is wrong with %j', async (args, expected, message) => {
    const { code, out, err } = await run(['--file', 'refused.db', ...args]);
    expect({ code, out }).toEqual({ code: expected, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
  });

  it('leaves no run behind when it cannot read a file', async () => {
    const runtime = createRuntime({
      workflows: [documentsWorkflow],
      backend: sqliteBackend({ file: join(folder, 'refused.db') }),
    });
    open.push(runtime);
    expect((await runtime.list({ limit: 1 })).headers).toEqual([]);
  });
});
