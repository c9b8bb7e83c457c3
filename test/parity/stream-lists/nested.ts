import { flow } from '../../runtime/steps.ts';
import { resumeStream, stream, timeTravelStream, type StreamCase } from './case.ts';
import {
  begin,
  canceled,
  custom,
  end,
  fail,
  finish,
  ofCanceled,
  pause,
  paused,
  resumedWith,
  sideBySide,
  start,
  suspend,
  wasResumed,
  wrote,
} from './events.ts';
import {
  aborts,
  asks,
  bails,
  error,
  fails,
  gives,
  hangs,
  plus,
  trip,
  tripError,
  trips,
  writes,
} from './steps.ts';

const construct = 'nested workflow';
type Body = ReturnType<typeof plus>;

/** `n` with `a` and this step in it, and `z` after it. */
function around(inner: Body) {
  const nested = flow('n').then(plus('a')).then(inner).commit();
  return flow('w').then(nested).then(gives('z', 0)).commit();
}

/** What `n` has done of the number 1 before its second step. */
const begun = [start, begin('n', 1), begin('n.a', 1), end('n.a', 1, 2)];

function zero(input: unknown) {
  return [begin('z', input), end('z', input, 0), finish('success')];
}

const ends: readonly StreamCase[] = [
  {
    construct,
    what: 'ends',
    workflow: () => around(plus('b')),
    calls: [
      stream({ inputData: 1 }, [...begun, begin('n.b', 2), end('n.b', 2, 3), end('n', 1, 3), ...zero(3)]),
      timeTravelStream({ step: ['n', 'b'] }, [
        start,
        begin('n', 1),
        begin('n.b', 2),
        end('n.b', 2, 3),
        end('n', 1, 3),
        ...zero(3),
      ]),
      timeTravelStream({ step: 'n' }, [
        ...begun,
        begin('n.b', 2),
        end('n.b', 2, 3),
        end('n', 1, 3),
        ...zero(3),
      ]),
      timeTravelStream({ step: 'z' }, [start, ...zero(3)]),
    ],
  },
  {
    construct,
    what: 'has another one in it',
    workflow: () => {
      const leaf = flow('m').then(plus('a')).commit();
      return flow('w').then(flow('n').then(leaf).commit()).commit();
    },
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('n', 1),
        begin('n.m', 1),
        begin('n.m.a', 1),
        end('n.m.a', 1, 2),
        end('n.m', 1, 2),
        end('n', 1, 2),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'has a step that writes',
    workflow: () => around(writes('b')),
    calls: [
      stream({ inputData: 1 }, [
        ...begun,
        begin('n.b', 2),
        wrote('n.b', { chunk: 2 }),
        custom('data-note', { data: { about: 2 }, id: 'n2' }),
        end('n.b', 2, 2),
        end('n', 1, 2),
        ...zero(2),
      ]),
    ],
  },
  {
    construct,
    what: 'has a step that fails',
    workflow: () => around(fails('b')),
    calls: [
      stream({ inputData: 1 }, [
        ...begun,
        begin('n.b', 2),
        fail('n.b', 2, error),
        fail('n', 1, error),
        finish('failed'),
      ]),
    ],
  },
  {
    construct,
    what: 'has a step that bails, which ends it alone',
    workflow: () => around(bails('b')),
    calls: [
      stream({ inputData: 1 }, [
        ...begun,
        begin('n.b', 2),
        end('n.b', 2, 'enough', { status: 'bailed' }),
        end('n', 1, 'enough'),
        ...zero('enough'),
      ]),
    ],
  },
  {
    construct,
    what: 'has a step that ends the run with a tripwire',
    workflow: () => around(trips('b')),
    calls: [
      stream({ inputData: 1 }, [
        ...begun,
        begin('n.b', 2),
        fail('n.b', 2, tripError, { tripwire: trip }),
        fail('n', 1, tripError, { tripwire: trip }),
        finish('tripwire', { tripwire: trip }),
      ]),
    ],
  },
  {
    construct,
    what: 'has a step that is executed while the run is canceled',
    workflow: () =>
      flow('w')
        .then(flow('n').then(hangs('b')).commit())
        .commit(),
    calls: [
      {
        ...stream({ inputData: 1 }, [start, begin('n', 1), begin('n.b', 1), canceled, finish('canceled')]),
        text: 'run.stream({ inputData: 1 }), run.cancel()',
        onEvent: (run, { payload }) => ((payload as { id?: string }).id === 'n.b' ? run.cancel() : undefined),
      },
    ],
  },
  {
    construct,
    what: 'is executed one step at a time',
    workflow: () => around(plus('b')),
    calls: [
      stream({ inputData: 1, perStep: true }, [...begun, pause('n', 1), paused, finish('paused')]),
      timeTravelStream({ step: ['n', 'b'], perStep: true }, [
        start,
        begin('n', 1),
        begin('n.b', 2),
        end('n.b', 2, 3),
        pause('n', 1),
        paused,
        finish('paused'),
      ]),
      timeTravelStream({ step: 'z', inputData: 5 }, [start, ...zero(5)]),
    ],
  },
];

const goesOn: readonly StreamCase[] = [
  {
    construct,
    what: 'has a step that aborts, which cancels the run',
    workflow: () => around(aborts('b')),
    calls: [
      stream({ inputData: 1 }, [
        ...begun,
        begin('n.b', 2),
        end('n.b', 2, 2),
        ofCanceled('n', 1),
        canceled,
        finish('canceled'),
      ]),
    ],
  },
  {
    construct,
    what: 'has a step that suspends, and is resumed',
    workflow: () => around(asks('b')),
    calls: [
      stream({ inputData: 1 }, [
        ...begun,
        begin('n.b', 2),
        suspend('n.b', 2, { ask: 2 }),
        suspend('n', 1, { ask: 2 }),
        finish('suspended'),
      ]),
      resumeStream({ step: ['n', 'b'], resumeData: 7 }, [
        start,
        begin('n', 1, resumedWith(7)),
        begin('n.b', 2, resumedWith(7)),
        end('n.b', 2, 7, wasResumed({ ask: 2 }, 7)),
        end('n', 1, 7, wasResumed({ ask: 2 }, 7)),
        ...zero(7),
      ]),
    ],
  },
  {
    construct,
    what: 'has another one in it whose step suspends, and is resumed',
    workflow: () => {
      const leaf = flow('m').then(asks('a')).commit();
      return flow('w').then(flow('n').then(leaf).commit()).commit();
    },
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('n', 1),
        begin('n.m', 1),
        begin('n.m.a', 1),
        suspend('n.m.a', 1, { ask: 1 }),
        suspend('n.m', 1, { ask: 1 }),
        suspend('n', 1, { ask: 1 }),
        finish('suspended'),
      ]),
      resumeStream({ resumeData: 7 }, [
        start,
        sideBySide([begin('n', 1, resumedWith(7))], [begin('n.m', 1, resumedWith(7))]),
        begin('n.m.a', 1, resumedWith(7)),
        end('n.m.a', 1, 7, wasResumed({ ask: 1 }, 7)),
        end('n.m', 1, 7, wasResumed({ ask: 1 }, 7)),
        end('n', 1, 7, wasResumed({ ask: 1 }, 7)),
        finish('success'),
      ]),
    ],
  },
];

export const nestedCases: readonly StreamCase[] = [...ends, ...goesOn];
