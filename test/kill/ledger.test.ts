import { expect, test } from 'vitest';
import type { LogEntry } from '../../src/core/history.ts';
import type { RunHeader, RunStatus, StepRecord, StepStatus } from '../../src/core/records.ts';
import { formatTurn } from '../../src/core/turn.ts';
import { Ledger, type Reading } from './ledger.ts';

const runId = 'chain.11.0';
const attempt = (number: number): string =>
  formatTurn({ epoch: 1, iteration: 0, generation: 0, attempt: number });
const began = `S\t${runId}/00000/1.0.0\t0\tc1\t`;
const ended = `E\t${runId}/00000/1.0.0\t0\tc1\tsuccess`;
const accepted = `A\t${runId}`;

function state(status: StepStatus, turn = attempt(0)): LogEntry {
  const record: StepRecord = { key: { entry: 0 }, stepId: 'c1', turn, status };
  return { kind: 'step', runId, record };
}

/** A file in which one run is as it is given. */
function disk(
  status: RunStatus | undefined,
  log: readonly LogEntry[] = [],
  more: Partial<Disk> = {},
): Reading {
  const { claims = 1, wakes = 0, result = 1, swept = [] } = more;
  return {
    header: async () => (status === undefined ? undefined : ({ runId, status, wakes } as RunHeader)),
    record: () => ({ key: { entry: 0 }, stepId: 'c1', turn: attempt(0), status: 'running', claims }),
    log: async () => [...log],
    result: async () => ({ status, result }),
    swept: async () => swept,
  };
}

interface Disk {
  readonly claims: number;
  readonly wakes: number;
  readonly result: number;
  readonly swept: readonly string[];
}

/** What each life told, and what was on the disk after it. */
type Lives = readonly (readonly [lines: readonly string[], disk: Reading])[];

async function violationsOf(lives: Lives): Promise<string[]> {
  const ledger = new Ledger();
  for (const [lines, reading] of lives) await ledger.afterLife(lines, reading, [runId]);
  const last = lives.at(-1)?.[1] ?? disk(undefined);
  await ledger.atTheEnd(last, [], () => undefined);
  return ledger.violations;
}

const running = [state('running')];
const success = [...running, state('success')];

test('a step that a kill cut off may run again, until its end is on the disk', async () => {
  const lives: Lives = [
    [[accepted, began], disk('running', running)],
    [[began, ended], disk('running', running, { claims: 2 })],
    [[began, ended], disk('success', success)],
  ];
  expect(await violationsOf(lives)).toEqual([]);
});

const contradictions: readonly (readonly [name: string, found: RegExp, lives: Lives])[] = [
  ['an accepted run that is not there', /its start was answered/, [[[accepted], disk(undefined)]]],
  ['a run that never ends', /is not over/, [[[accepted], disk('running')]]],
  [
    'a step that begins after its end was on the disk',
    /began again, and its end was on the disk after life 1/,
    [
      [[accepted, began, ended], disk('running', success)],
      [[began, ended], disk('success', success)],
    ],
  ],
  [
    'a step that begins twice in one life',
    /began twice in one life/,
    [[[accepted, began, began, ended], disk('success', success)]],
  ],
  [
    'a step that begins before its claim is on the disk',
    /its claim was not on the disk/,
    [[[accepted, began], disk('running')]],
  ],
  [
    'a second claim that is not on the disk',
    /its claim was not on the disk/,
    [
      [[accepted, began], disk('running', running)],
      [[began], disk('running', running, { claims: 1 })],
    ],
  ],
  [
    'an attempt that begins before it is claimed',
    /its claim was not on the disk/,
    [[[accepted, began], disk('running', [state('due')])]],
  ],
  [
    'an outcome of a step that never came to its end',
    /has an outcome, and never came to its end/,
    [[[accepted, began], disk('success', success)]],
  ],
  [
    'a resume that is not there',
    /a resume of .* is not there/,
    [[[accepted, `R\t${runId}\t0`], disk('suspended', [], { wakes: 0 })]],
  ],
  [
    'two resumes of one suspension',
    /resumed twice from the same suspension/,
    [[[accepted, `R\t${runId}\t0`, `R\t${runId}\t0`], disk('success', [], { wakes: 1 })]],
  ],
  [
    'a log that changes',
    /entry 1 of .* was .*success.* and is .*failed/,
    [
      [[accepted, began, ended], disk('running', success)],
      [[], disk('success', [...running, state('failed')])],
    ],
  ],
  [
    'a log that loses its end',
    /and is gone/,
    [
      [[accepted, began, ended], disk('running', success)],
      [[], disk('success', running)],
    ],
  ],
  [
    'a result that changes',
    /result of .* has changed/,
    [
      [[accepted], disk('success', [], { result: 1 })],
      [[], disk('success', [], { result: 2 })],
    ],
  ],
  [
    'a sweep that nobody needs',
    /the sweeper still looks at/,
    [[[accepted], disk('success', [], { swept: [runId] })]],
  ],
];

test.each(contradictions)('%s is found', async (_, found, lives) => {
  expect(await violationsOf(lives)).toContainEqual(expect.stringMatching(found));
});

test('what is left in the file, and what differs from a process that is not killed, is found', async () => {
  const ledger = new Ledger();
  const reading = disk('success', success);
  await ledger.afterLife([accepted, began, ended], reading, [runId]);
  const own = ledger.outcome(runId);
  expect(own.executions).toEqual([`c1/00000/${attempt(0)}`]);
  await ledger.atTheEnd(reading, [], () => own);
  expect(ledger.violations).toEqual([]);
  await ledger.atTheEnd(reading, ['a message'], () => ({ result: '2', executions: [] }));
  expect(ledger.violations).toEqual([
    expect.stringContaining('and a process that is not killed to 2'),
    expect.stringContaining('and not '),
    expect.stringContaining('a message'),
  ]);
});
