import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allFailed, allRefused } from '../parity/errors/all.ts';

const guide = readFileSync(new URL('../../docs/guide/errors.md', import.meta.url), 'utf8');

/** Beginnings of messages, as the tables of the guide have them. */
const beginnings = [...guide.matchAll(/`([A-Z][^`]+)`/g)].map(([, text = '']) => text);

interface Coded {
  readonly code?: string;
  readonly message?: unknown;
}

test.each([...allRefused, ...allFailed].map(({ situation, error }) => [situation, error as Coded] as const))(
  'the guide has the code and the beginning of the message: %s',
  (_, { code, message }) => {
    if (code === undefined || !code.startsWith('WORKFLOW_')) return;
    expect(guide).toContain(`\`${code}\``);
    if (code === 'WORKFLOW_STEP_FAILED' || code === 'WORKFLOW_VALUE_NOT_STORABLE') return;
    if (typeof message !== 'string') return;
    expect(beginnings.some((beginning) => message.startsWith(beginning))).toBe(true);
  },
);
