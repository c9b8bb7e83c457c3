import { createHash, randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { pack, unpack } from '../../../src/adapters/sqlite/pack.ts';
import { containing, open, temporaryFile } from './fixture.ts';

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function bodies(file: string): unknown[] {
  const database = new DatabaseSync(file);
  const rows = database.prepare('SELECT body FROM payload').all();
  database.close();
  return rows.map(({ body }) => body);
}

describe('a packed text', () => {
  test.each([
    ['what repeats', JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, status: 'approved' })))],
    ['what does not', randomBytes(2_000).toString('base64')],
    ['a text of megabytes', JSON.stringify('ü€😀 \n'.repeat(200_000))],
    ['a short text', '"a"'],
    ['no text', ''],
    ['a NUL', '"\0"'.repeat(500)],
    ['a lone surrogate', '\ud800'.repeat(500)],
    ['what looks like an escaped text', '\u00010041'.repeat(500)],
  ])('is itself again: %s', async (_, text) => {
    expect(unpack(await pack(text))).toBe(text);
  });

  test('is never longer than the text', async () => {
    expect(await pack('"a"')).toBe('"a"');
    const text = JSON.stringify(Array.from({ length: 500 }, () => 'approved'));
    expect((await pack(text)).length).toBeLessThan(text.length / 10);
    const base64 = randomBytes(15_000).toString('base64');
    expect((await pack(base64)).length).toBeLessThan(base64.length * 0.77);
  });
});

test('a payload is stored once, however often it is put', async () => {
  const file = temporaryFile();
  const { payloads, store } = open({ file });
  const text = 'x'.repeat(5_000);
  for (let i = 0; i < 3; i += 1) await payloads.put('run', hashOf(text), text);
  await store.durable();
  expect(bodies(file)).toHaveLength(1);
});

test('a damaged payload is a typed error that names the file', async () => {
  const file = temporaryFile();
  const { payloads, store } = open({ file });
  const text = 'x'.repeat(5_000);
  await payloads.put('run', hashOf(text), text);
  await store.durable();
  const database = new DatabaseSync(file);
  database.exec("UPDATE payload SET body = x'0102030405'");
  database.close();
  const damaged = { code: 'WORKFLOW_RECORD_CORRUPT', message: containing(file) };
  await expect(payloads.get('run', hashOf(text))).rejects.toMatchObject(damaged);
});
