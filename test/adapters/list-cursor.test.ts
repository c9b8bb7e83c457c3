import { expect, test } from 'vitest';
import { formatCursor, parseCursor } from '../../src/adapters/list-cursor.ts';

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

test.each(['run', 'a/b?c=d&e', 'ü€𝒳', '\ud800', '"\\\n'])('a cursor names the run %j', (runId) => {
  const text = formatCursor({ createdAt: 1_700_000_000_123, runId });
  expect(text).toMatch(/^[\w-]+$/);
  expect(parseCursor(text)).toEqual({ createdAt: 1_700_000_000_123, runId });
});

test.each([
  '',
  'nonsense',
  '[1,"run"]',
  base64url('null'),
  base64url('{}'),
  base64url('[1]'),
  base64url('["1","run"]'),
  base64url('[1,2]'),
  base64url('[1,"run",2]'),
])('refuses %j', (text) => {
  expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'WORKFLOW_CURSOR_INVALID' }));
});
