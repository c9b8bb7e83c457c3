import { flow, body } from '../../runtime/steps.ts';
import { canceledAt, resumeStream, stream, type StreamCase, timeTravelStream } from './case.ts';
import {
  begin,
  canceled,
  custom,
  end,
  fail,
  finish,
  paused,
  resumedWith,
  start,
  suspend,
  wasResumed,
  wrote,
} from './events.ts';
import * as steps from './steps.ts';

const { asks, bails, error, fails, failsForGood, failsTwice, hangs, plus, trip, trips, writes } = steps;
const construct = 'step';

function two() {
  return flow('w').then(plus('a')).then(plus('b')).commit();
}

/** Suspends with a question and something that it returns beside. */
function asksWithOutput() {
  return body('a', async ({ resumeData, suspend: wait }) => {
    if (resumeData !== undefined) return resumeData;
    await wait({ ask: 1 });
    return 'beside';
  });
}

/** Asks until the answer is 2. */
function asksTwice() {
  return body('a', async ({ resumeData, suspend: wait }) =>
    resumeData === 2 ? resumeData : wait({ ask: resumeData ?? 0 }),
  );
}

const ends: readonly StreamCase[] = [
  {
    construct,
    what: 'ends',
    workflow: two,
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        end('a', 1, 2),
        begin('b', 2),
        end('b', 2, 3),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'gives nothing',
    workflow: () => flow('w').then(steps.gives('a', undefined)).commit(),
    calls: [
      stream({ inputData: null }, [start, begin('a', null), end('a', null, undefined), finish('success')]),
    ],
  },
  {
    construct,
    what: 'writes',
    workflow: () => flow('w').then(writes('a')).commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        wrote('a', { chunk: 1 }),
        custom('data-note', { data: { about: 1 }, id: 'n1' }),
        end('a', 1, 1),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'fails',
    workflow: () => flow('w').then(fails('a')).then(plus('b')).commit(),
    calls: [stream({ inputData: 1 }, [start, begin('a', 1), fail('a', 1, error), finish('failed')])],
  },
  {
    construct,
    what: 'is retried, and ends',
    workflow: () => flow('w').then(failsTwice('a')).commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        wrote('a', { attempt: 0 }),
        wrote('a', { attempt: 1 }),
        wrote('a', { attempt: 2 }),
        end('a', 1, 1),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'is retried, and fails',
    workflow: () => flow('w').then(failsTwice('a', 1)).commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        wrote('a', { attempt: 0 }),
        wrote('a', { attempt: 1 }),
        fail('a', 1, error),
        finish('failed'),
      ]),
    ],
  },
  {
    construct,
    what: 'fails for good',
    workflow: () => flow('w').then(failsForGood('a')).commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        fail('a', 1, steps.never, { nonRetryable: true }),
        finish('failed'),
      ]),
    ],
  },
  {
    construct,
    what: 'bails',
    workflow: () => flow('w').then(bails('a')).then(plus('b')).commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        end('a', 1, 'enough', { status: 'bailed' }),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'aborts the run',
    workflow: () => flow('w').then(steps.aborts('a')).then(plus('b')).commit(),
    calls: [stream({ inputData: 1 }, [start, begin('a', 1), end('a', 1, 1), canceled, finish('canceled')])],
  },
  {
    construct,
    what: 'ends the run with a tripwire',
    workflow: () => flow('w').then(trips('a')).then(plus('b')).commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        fail('a', 1, steps.tripError, { tripwire: trip }),
        finish('tripwire', { tripwire: trip }),
      ]),
    ],
  },
  {
    construct,
    what: 'is executed while the run is canceled',
    workflow: () => flow('w').then(hangs('a')).then(plus('b')).commit(),
    calls: [
      canceledAt(
        'workflow-step-start',
        stream({ inputData: 1 }, [start, begin('a', 1), canceled, finish('canceled')]),
      ),
    ],
  },
];

const goesOn: readonly StreamCase[] = [
  {
    construct,
    what: 'suspends, and is resumed',
    workflow: () => flow('w').then(plus('a')).then(asks('b')).then(plus('c')).commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        end('a', 1, 2),
        begin('b', 2),
        suspend('b', 2, { ask: 2 }),
        finish('suspended'),
      ]),
      resumeStream({ resumeData: 7 }, [
        start,
        begin('b', 2, resumedWith(7)),
        end('b', 2, 7, wasResumed({ ask: 2 }, 7)),
        begin('c', 7),
        end('c', 7, 8),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'suspends while the stream stays open',
    workflow: () => flow('w').then(asks('a')).commit(),
    calls: [
      {
        ...stream({ inputData: 1, closeOnSuspend: false }, [
          start,
          begin('a', 1),
          suspend('a', 1, { ask: 1 }),
          begin('a', 1, resumedWith(7)),
          end('a', 1, 7, wasResumed({ ask: 1 }, 7)),
          finish('success'),
        ]),
        onEvent: (run, { type }) =>
          type === 'workflow-step-suspended' ? run.resume({ resumeData: 7 }) : undefined,
      },
    ],
  },
  {
    construct,
    what: 'suspends twice',
    workflow: () => flow('w').then(asksTwice()).commit(),
    calls: [
      stream({ inputData: 0 }, [start, begin('a', 0), suspend('a', 0, { ask: 0 }), finish('suspended')]),
      resumeStream({ resumeData: 1 }, [
        start,
        begin('a', 0, resumedWith(1)),
        suspend('a', 0, { ask: 1 }, resumedWith(1)),
        finish('suspended'),
      ]),
      resumeStream({ resumeData: 2 }, [
        start,
        begin('a', 0, resumedWith(2)),
        end('a', 0, 2, wasResumed({ ask: 1 }, 2)),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'returns something beside its suspension',
    workflow: () => flow('w').then(asksWithOutput()).commit(),
    calls: [
      stream({ inputData: 0 }, [
        start,
        begin('a', 0),
        suspend('a', 0, { ask: 1 }, { suspendOutput: 'beside' }),
        finish('suspended'),
      ]),
      resumeStream({ resumeData: 2 }, [
        start,
        begin('a', 0, resumedWith(2)),
        end('a', 0, 2, { suspendOutput: 'beside', ...wasResumed({ ask: 1 }, 2) }),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'is executed one at a time',
    workflow: two,
    calls: [
      stream({ inputData: 1, perStep: true }, [
        start,
        begin('a', 1),
        end('a', 1, 2),
        paused,
        finish('paused'),
      ]),
      timeTravelStream({ step: 'b' }, [start, begin('b', 2), end('b', 2, 3), finish('success')]),
    ],
  },
  {
    construct,
    what: 'is executed again by a time travel',
    workflow: two,
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        end('a', 1, 2),
        begin('b', 2),
        end('b', 2, 3),
        finish('success'),
      ]),
      timeTravelStream({ step: 'b', inputData: 10 }, [
        start,
        begin('b', 10),
        end('b', 10, 11),
        finish('success'),
      ]),
      timeTravelStream({ step: 'a' }, [
        start,
        begin('a', 1),
        end('a', 1, 2),
        begin('b', 2),
        end('b', 2, 3),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'suspends after a time travel',
    workflow: () => flow('w').then(plus('a')).then(asks('b')).commit(),
    calls: [
      stream({ inputData: 1, perStep: true }, [
        start,
        begin('a', 1),
        end('a', 1, 2),
        paused,
        finish('paused'),
      ]),
      timeTravelStream({ step: 'b' }, [
        start,
        begin('b', 2),
        suspend('b', 2, { ask: 2 }),
        finish('suspended'),
      ]),
      timeTravelStream({ step: 'b', resumeData: 5 }, [
        start,
        begin('b', 2, resumedWith(5)),
        end('b', 2, 5, wasResumed({ ask: 2 }, 5)),
        finish('success'),
      ]),
    ],
  },
];

export const stepCases: readonly StreamCase[] = [...ends, ...goesOn];
