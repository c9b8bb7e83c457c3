import { flow } from '../../runtime/steps.ts';
import { resumeStream, stream, type StreamCase } from './case.ts';
import {
  begin,
  beginEach,
  custom,
  end,
  endEach,
  fail,
  failEach,
  finish,
  item,
  iteration,
  resumedWith,
  sideBySide,
  soFar,
  start,
  suspend,
  suspendEach,
  wait,
  wake,
  wasResumed,
  wrote,
} from './events.ts';
import { asksEven, error, fails, plus, writes } from './steps.ts';

const construct = 'nested workflow';

/** Adds up in a loop of its own. */
function looping() {
  return flow('n')
    .dountil(plus('a'), async ({ inputData }) => Number(inputData) >= 2)
    .commit();
}

export const nestedInBlocksCases: readonly StreamCase[] = [
  {
    construct: 'parallel',
    what: 'has arms that are nested workflows',
    workflow: () =>
      flow('w')
        .parallel([flow('n').then(plus('a')).commit(), flow('m').then(writes('a')).commit()])
        .commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        sideBySide(
          [begin('n', 1), begin('n.a', 1), end('n.a', 1, 2), end('n', 1, 2)],
          [
            begin('m', 1),
            begin('m.a', 1),
            wrote('m.a', { chunk: 1 }),
            custom('data-note', { data: { about: 1 }, id: 'n1' }),
            end('m.a', 1, 1),
            end('m', 1, 1),
          ],
        ),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'has a loop in it',
    workflow: () => flow('w').then(looping()).commit(),
    calls: [
      stream({ inputData: 0 }, [
        start,
        begin('n', 0),
        begin('n.a', 0, iteration(1)),
        end('n.a', 0, 1, iteration(1)),
        begin('n.a', 1, iteration(2)),
        end('n.a', 1, 2, iteration(2)),
        end('n', 0, 2),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'dountil',
    what: 'has a body that is a nested workflow',
    workflow: () =>
      flow('w')
        .dountil(flow('n').then(plus('a')).commit(), async ({ inputData }) => Number(inputData) >= 2)
        .commit(),
    calls: [
      stream({ inputData: 0 }, [
        start,
        begin('n', 0, iteration(1)),
        begin('n.a', 0),
        end('n.a', 0, 1),
        end('n', 0, 1, iteration(1)),
        begin('n', 1, iteration(2)),
        begin('n.a', 1),
        end('n.a', 1, 2),
        end('n', 1, 2, iteration(2)),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'has a foreach in it that suspends, and is resumed',
    workflow: () =>
      flow('w')
        .then(flow('n').foreach(asksEven('a')).commit())
        .commit(),
    calls: [
      stream({ inputData: [1, 2] }, [
        start,
        begin('n', [1, 2]),
        beginEach('n.a', [1, 2]),
        item('n.a', [1, 2], 0, 'success', 10),
        item('n.a', [1, 2], 1, 'suspended'),
        suspendEach('n.a', [1, 2], { even: 2 }),
        suspend('n', [1, 2], { even: 2 }),
        finish('suspended'),
      ]),
      resumeStream({ step: ['n', 'a'], resumeData: 7 }, [
        start,
        sideBySide([begin('n', [1, 2], resumedWith(7))], [beginEach('n.a', [1, 2], resumedWith(7))]),
        item('n.a', [2, 2], 1, 'success', 20),
        endEach('n.a', [10, 20]),
        end('n', [1, 2], [10, 20], wasResumed({ even: 2 }, 7)),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'foreach',
    what: 'has items that are nested workflows, and fail',
    workflow: () =>
      flow('w')
        .foreach(flow('n').then(fails('a', 2)).commit())
        .commit(),
    calls: [
      stream({ inputData: [1, 2] }, [
        start,
        beginEach('n', [1, 2]),
        begin('n.a', 1),
        end('n.a', 1, 1),
        item('n', [1, 2], 0, 'success', 1),
        begin('n.a', 2),
        fail('n.a', 2, error),
        item('n', [1, 2], 1, 'failed'),
        failEach('n', error),
        finish('failed'),
      ]),
    ],
  },
  {
    construct: 'foreach',
    what: 'has items that are nested workflows at once, with a loop in each',
    workflow: () => flow('w').foreach(looping(), { concurrency: 2 }).commit(),
    calls: [
      stream({ inputData: [0, 1] }, [
        start,
        beginEach('n', [0, 1]),
        sideBySide(
          [
            begin('n.a', 0, iteration(1)),
            end('n.a', 0, 1, iteration(1)),
            begin('n.a', 1, iteration(2)),
            end('n.a', 1, 2, iteration(2)),
            item('n', [soFar, 2], 0, 'success', 2),
          ],
          [
            begin('n.a', 1, iteration(1)),
            end('n.a', 1, 2, iteration(1)),
            item('n', [soFar, 2], 1, 'success', 2),
          ],
        ),
        endEach('n', [2, 2]),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'foreach',
    what: 'has items that are nested workflows, and suspend',
    workflow: () =>
      flow('w')
        .foreach(flow('n').then(asksEven('a')).commit())
        .commit(),
    calls: [
      stream({ inputData: [1, 2] }, [
        start,
        beginEach('n', [1, 2]),
        begin('n.a', 1),
        end('n.a', 1, 10),
        item('n', [1, 2], 0, 'success', 10),
        begin('n.a', 2),
        suspend('n.a', 2, { even: 2 }),
        item('n', [1, 2], 1, 'suspended'),
        suspendEach('n', [1, 2], { even: 2 }),
        finish('suspended'),
      ]),
      resumeStream({ step: ['n', 'a'], resumeData: 7 }, [
        start,
        beginEach('n', [1, 2], resumedWith(7)),
        begin('n.a', 2, resumedWith(7)),
        end('n.a', 2, 20, wasResumed({ even: 2 }, 7)),
        item('n', [2, 2], 1, 'success', 20),
        endEach('n', [10, 20]),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'has a sleep in it',
    workflow: () =>
      flow('w')
        .then(flow('n').sleep(1, { id: 'nap' }).commit())
        .commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('n', 1),
        wait('n.nap', 1),
        wake('n.nap', 1),
        end('n', 1, 1),
        finish('success'),
      ]),
    ],
  },
];
