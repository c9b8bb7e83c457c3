import { expect, onTestFinished, test } from 'vitest';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalServer } from '../../src/local/index.ts';
import { ordersWorkflow, post } from '../http/fixtures.ts';
import { send } from './requests.ts';

/** Ids that a careless URL, path, key or query would mix up. */
const ids = [
  'a',
  'A',
  'a ',
  ' a',
  'a  ',
  ' ',
  'a/b',
  'a//b',
  'a\\b',
  '/',
  '//',
  '/../a',
  '../a',
  'a/..',
  'a/.',
  '...',
  '.a',
  'a.',
  '%',
  '%2F',
  '%252F',
  '%2e',
  '%2e%2e',
  '%00',
  'a%2Fb',
  'a?b=c',
  'a#b',
  'a&b',
  'a=b',
  'a+b',
  'a;b',
  'a:b',
  'a@b',
  '*',
  ':runId',
  '{runId}',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  "a'; DROP TABLE run; --",
  'a"b',
  'a`b',
  'a<b>',
  'é',
  'e\u0301',
  'ﬀ',
  'ff',
  'Ｋ',
  'K',
  'İ',
  'i',
  '日本語',
  'שלום',
  '😀',
  '👩‍👩‍👧',
  '👩👩👧',
  'a\u200bb',
  '\u202ea',
  '\ufeffa',
  '\ufffd',
  '\u{10ffff}',
  'a\nb',
  'a\r\nb',
  'a\tb',
  '\u0000',
  'a\u0000b',
  '\u0001\u001f\u007f\u0085',
  'x'.repeat(200),
  `${'x'.repeat(199)}y`,
  '😀'.repeat(200),
];

test('each id is one run, and no other', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'run-ids-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'runs.db');
  const server = await startLocalServer({ workflows: [ordersWorkflow], file });
  onTestFinished(() => server.close());
  const paths: string[] = [];
  for (const [pieces, runId] of ids.entries()) {
    const start = post({ runId, inputData: { pieces } });
    const started = await fetch(`${server.url}/workflows/orders/runs?wait=25`, start);
    expect([runId, started.status]).toEqual([runId, 201]);
    paths.push(started.headers.get('location') ?? '');
  }
  expect(new Set(paths).size).toBe(ids.length);
  for (const [pieces, runId] of ids.entries()) {
    const path = `${server.url}/runs/${encodeURIComponent(runId)}`;
    expect(await (await fetch(path)).json()).toMatchObject({ runId, payload: { pieces } });
    const { events } = (await (await fetch(`${path}/events`)).json()) as { events: { runId: string }[] };
    expect(events.every((event) => event.runId === runId)).toBe(true);
  }
  const listed = (await (await fetch(`${server.url}/runs?limit=1000`)).json()) as {
    runs: { runId: string }[];
  };
  expect(listed.runs.map(({ runId }) => runId).toSorted()).toEqual(ids.toSorted());
  // Every other one is removed; the rest is as it was.
  const kept = ids.filter((_, index) => index % 2 === 0);
  for (const runId of ids.filter((_, index) => index % 2 === 1)) {
    const removed = await fetch(`${server.url}/runs/${encodeURIComponent(runId)}`, { method: 'DELETE' });
    expect([runId, removed.status]).toEqual([runId, 204]);
  }
  for (const runId of kept) {
    const resumed = await fetch(
      `${server.url}/runs/${encodeURIComponent(runId)}/resume?wait=25`,
      post({ resumeData: { by: runId } }),
    );
    expect(await resumed.json()).toMatchObject({ runId, outcome: { result: { by: runId } } });
  }
  await server.close();
  // No file is named by a caller.
  expect(readdirSync(directory).filter((name) => !name.startsWith('runs.db'))).toEqual([]);
});

test('an id that no URL can carry is refused before anything is stored', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'run-ids-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const server = await startLocalServer({ workflows: [ordersWorkflow], file: join(directory, 'runs.db') });
  onTestFinished(() => server.close());
  const bodies = ['', '.', '..', 'x'.repeat(201), '😀'.repeat(201), 'a\ud800', '\udc00', '\ude00\ud83d'];
  for (const runId of bodies) {
    const start = post({ runId, inputData: { pieces: 1 } });
    const refused = await fetch(`${server.url}/workflows/orders/runs`, start);
    expect([runId.length, refused.status]).toEqual([runId.length, 400]);
    expect(await refused.json()).toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID' });
  }
  for (const path of ['%ED%A0%80', '%FF', '%', '%2', 'a%C3']) {
    const refused = await send(`${server.url}/runs/${path}`);
    expect([path, refused.status]).toEqual([path, 400]);
  }
  expect(await (await fetch(`${server.url}/runs`)).json()).toEqual({ runs: [] });
});
