import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { streamCases } from '../parity/stream-lists/all.ts';
import { constructs } from '../parity/stream-lists/case.ts';
import { repository } from './api/modules.ts';
import { streamsPage } from './streams/page.ts';

test('docs/stream-events.md is what `npm run docs:streams` writes now', () => {
  expect(readFileSync(`${repository}docs/stream-events.md`, 'utf8')).toBe(streamsPage());
});

test('every construct has its streams, and no two of them one name', () => {
  expect(new Set(streamCases.map(({ construct }) => construct))).toEqual(new Set(constructs));
  const names = streamCases.map(({ construct, what }) => `${construct} ${what}`);
  expect(new Set(names).size).toBe(names.length);
});
