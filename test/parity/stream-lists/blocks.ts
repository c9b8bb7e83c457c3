import { flow } from '../../runtime/steps.ts';
import { resumeStream, stream, type StreamCase, timeTravelStream } from './case.ts';
import {
  begin,
  custom,
  end,
  fail,
  finish,
  paused,
  resumedWith,
  sideBySide,
  start,
  suspend,
  wasResumed,
  wrote,
} from './events.ts';
import { asks, bails, error, fails, gives, plus, writes } from './steps.ts';

const both = { p: 2, q: 3 };

function parallel() {
  return flow('w')
    .parallel([plus('p', 1), plus('q', 2)])
    .then(gives('z', 0))
    .commit();
}

const parallelCases: readonly StreamCase[] = [
  {
    construct: 'parallel',
    what: 'ends',
    workflow: parallel,
    calls: [
      stream({ inputData: 1 }, [
        start,
        sideBySide([begin('p', 1), end('p', 1, 2)], [begin('q', 1), end('q', 1, 3)]),
        begin('z', both),
        end('z', both, 0),
        finish('success'),
      ]),
      timeTravelStream({ step: 'q' }, [
        start,
        begin('q', 1),
        end('q', 1, 3),
        begin('z', both),
        end('z', both, 0),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'parallel',
    what: 'has an arm that writes',
    workflow: () =>
      flow('w')
        .parallel([writes('p'), plus('q')])
        .commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        sideBySide(
          [
            begin('p', 1),
            wrote('p', { chunk: 1 }),
            custom('data-note', { data: { about: 1 }, id: 'n1' }),
            end('p', 1, 1),
          ],
          [begin('q', 1), end('q', 1, 2)],
        ),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'parallel',
    what: 'has an arm that fails',
    workflow: () =>
      flow('w')
        .parallel([plus('p'), fails('q')])
        .then(gives('z', 0))
        .commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        sideBySide([begin('p', 1), end('p', 1, 2)], [begin('q', 1), fail('q', 1, error)]),
        finish('failed'),
      ]),
    ],
  },
  {
    construct: 'parallel',
    what: 'has an arm that bails',
    workflow: () =>
      flow('w')
        .parallel([bails('p'), plus('q')])
        .then(gives('z', 0))
        .commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        sideBySide(
          [begin('p', 1), end('p', 1, 'enough', { status: 'bailed' })],
          [begin('q', 1), end('q', 1, 2)],
        ),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'parallel',
    what: 'has two arms that suspend, and are resumed one after the other',
    workflow: () =>
      flow('w')
        .parallel([asks('p'), asks('q'), plus('s')])
        .then(gives('z', 0))
        .commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        sideBySide(
          [begin('p', 1), suspend('p', 1, { ask: 1 })],
          [begin('q', 1), suspend('q', 1, { ask: 1 })],
          [begin('s', 1), end('s', 1, 2)],
        ),
        finish('suspended'),
      ]),
      resumeStream({ step: 'q', resumeData: 7 }, [
        start,
        begin('q', 1, resumedWith(7)),
        end('q', 1, 7, wasResumed({ ask: 1 }, 7)),
        finish('suspended'),
      ]),
      resumeStream({ step: 'p', resumeData: 8 }, [
        start,
        begin('p', 1, resumedWith(8)),
        end('p', 1, 8, wasResumed({ ask: 1 }, 8)),
        begin('z', { p: 8, q: 7, s: 2 }),
        end('z', { p: 8, q: 7, s: 2 }, 0),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'parallel',
    what: 'is executed one arm at a time',
    workflow: parallel,
    calls: [
      stream({ inputData: 1, perStep: true }, [
        start,
        begin('p', 1),
        end('p', 1, 2),
        paused,
        finish('paused'),
      ]),
      timeTravelStream({ step: 'q', perStep: true }, [
        start,
        begin('q', 1),
        end('q', 1, 3),
        paused,
        finish('paused'),
      ]),
      timeTravelStream({ step: 'z' }, [start, begin('z', both), end('z', both, 0), finish('success')]),
    ],
  },
];

/** Arms for 1 and for more, and one for nothing. */
function branch(many = plus('many', 2)) {
  return flow('w')
    .branch([
      [async ({ inputData }) => Number(inputData) >= 1, plus('one', 1)],
      [async ({ inputData }) => Number(inputData) >= 2, many],
      [async () => Promise.reject(new TypeError('no')), plus('never')],
    ])
    .then(gives('z', 0))
    .commit();
}

const branchCases: readonly StreamCase[] = [
  {
    construct: 'branch',
    what: 'takes one arm',
    workflow: branch,
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('one', 1),
        end('one', 1, 2),
        begin('z', { one: 2 }),
        end('z', { one: 2 }, 0),
        finish('success'),
      ]),
      timeTravelStream({ step: 'one' }, [
        start,
        begin('one', 1),
        end('one', 1, 2),
        begin('z', { one: 2 }),
        end('z', { one: 2 }, 0),
        finish('success'),
      ]),
      timeTravelStream({ step: 'z' }, [
        start,
        begin('z', { one: 2 }),
        end('z', { one: 2 }, 0),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'branch',
    what: 'takes two arms',
    workflow: branch,
    calls: [
      stream({ inputData: 2 }, [
        start,
        sideBySide([begin('one', 2), end('one', 2, 3)], [begin('many', 2), end('many', 2, 4)]),
        begin('z', { one: 3, many: 4 }),
        end('z', { one: 3, many: 4 }, 0),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'branch',
    what: 'takes no arm',
    workflow: branch,
    calls: [stream({ inputData: 0 }, [start, begin('z', {}), end('z', {}, 0), finish('success')])],
  },
  {
    construct: 'branch',
    what: 'has an arm that fails',
    workflow: () => branch(fails('many')),
    calls: [
      stream({ inputData: 2 }, [
        start,
        sideBySide([begin('one', 2), end('one', 2, 3)], [begin('many', 2), fail('many', 2, error)]),
        finish('failed'),
      ]),
    ],
  },
  {
    construct: 'branch',
    what: 'has an arm that suspends, and is resumed',
    workflow: () => branch(asks('many')),
    calls: [
      stream({ inputData: 2 }, [
        start,
        sideBySide([begin('one', 2), end('one', 2, 3)], [begin('many', 2), suspend('many', 2, { ask: 2 })]),
        finish('suspended'),
      ]),
      resumeStream({ resumeData: 7 }, [
        start,
        begin('many', 2, resumedWith(7)),
        end('many', 2, 7, wasResumed({ ask: 2 }, 7)),
        begin('z', { one: 3, many: 7 }),
        end('z', { one: 3, many: 7 }, 0),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'branch',
    what: 'is executed one arm at a time',
    workflow: branch,
    calls: [
      stream({ inputData: 2, perStep: true }, [
        start,
        begin('one', 2),
        end('one', 2, 3),
        paused,
        finish('paused'),
      ]),
    ],
  },
];

export const blockCases: readonly StreamCase[] = [...parallelCases, ...branchCases];
