import { body, flow } from '../../runtime/steps.ts';
import { resumeStream, stream, type StreamCase, timeTravelStream } from './case.ts';
import {
  begin,
  beginEach,
  custom,
  end,
  endEach,
  failEach,
  finish,
  item,
  paused,
  resumedWith,
  sideBySide,
  soFar,
  start,
  suspendEach,
  wrote,
} from './events.ts';
import { asksEven, bails, error, fails, gives, plus, writes } from './steps.ts';

const construct = 'foreach';
type Body = ReturnType<typeof plus>;

/** A foreach of `each`, then `z`. */
function foreach(each: Body, concurrency = 1) {
  return flow('w').foreach(each, { concurrency }).then(gives('z', 0)).commit();
}

/** Fails twice for each item, and then gives its input. */
function failsTwiceQuietly() {
  return body(
    'a',
    async ({ inputData, retryCount }) => {
      if (retryCount < 2) throw new TypeError('no');
      return inputData;
    },
    { retries: 2 },
  );
}

function zero(input: unknown) {
  return [begin('z', input), end('z', input, 0), finish('success')];
}

const oneByOne: readonly StreamCase[] = [
  {
    construct,
    what: 'ends, one item after the other',
    workflow: () => foreach(plus('a')),
    calls: [
      stream({ inputData: [1, 2] }, [
        start,
        beginEach('a', [1, 2]),
        item('a', [1, 2], 0, 'success', 2),
        item('a', [2, 2], 1, 'success', 3),
        endEach('a', [2, 3]),
        ...zero([2, 3]),
      ]),
      timeTravelStream({ step: 'a' }, [
        start,
        beginEach('a', [1, 2]),
        item('a', [1, 2], 0, 'success', 2),
        item('a', [2, 2], 1, 'success', 3),
        endEach('a', [2, 3]),
        ...zero([2, 3]),
      ]),
      timeTravelStream({ step: 'z' }, [start, ...zero([2, 3])]),
    ],
  },
  {
    construct,
    what: 'has no items',
    workflow: () => foreach(plus('a')),
    calls: [stream({ inputData: [] }, [start, beginEach('a', []), endEach('a', []), ...zero([])])],
  },
  {
    construct,
    what: 'has items that give nothing',
    workflow: () => foreach(gives('a', undefined)),
    calls: [
      stream({ inputData: [1] }, [
        start,
        beginEach('a', [1]),
        item('a', [1, 1], 0, 'success', undefined),
        endEach('a', [undefined]),
        ...zero([undefined]),
      ]),
    ],
  },
  {
    construct,
    what: 'has items that write',
    workflow: () => foreach(writes('a')),
    calls: [
      stream({ inputData: [1, 2] }, [
        start,
        beginEach('a', [1, 2]),
        wrote('a', { chunk: 1 }),
        custom('data-note', { data: { about: 1 }, id: 'n1' }),
        item('a', [1, 2], 0, 'success', 1),
        wrote('a', { chunk: 2 }),
        custom('data-note', { data: { about: 2 }, id: 'n2' }),
        item('a', [2, 2], 1, 'success', 2),
        endEach('a', [1, 2]),
        ...zero([1, 2]),
      ]),
    ],
  },
  {
    construct,
    what: 'has items that are retried',
    workflow: () => foreach(failsTwiceQuietly()),
    calls: [
      stream({ inputData: [1, 2] }, [
        start,
        beginEach('a', [1, 2]),
        item('a', [1, 2], 0, 'success', 1),
        item('a', [2, 2], 1, 'success', 2),
        endEach('a', [1, 2]),
        ...zero([1, 2]),
      ]),
    ],
  },
  {
    construct,
    what: 'has an item that fails',
    workflow: () => foreach(fails('a', 2)),
    calls: [
      stream({ inputData: [1, 2, 3] }, [
        start,
        beginEach('a', [1, 2, 3]),
        item('a', [1, 3], 0, 'success', 1),
        item('a', [1, 3], 1, 'failed'),
        failEach('a', error),
        finish('failed'),
      ]),
    ],
  },
  {
    construct,
    what: 'has an item that bails',
    workflow: () => foreach(bails('a', 2)),
    calls: [
      stream({ inputData: [1, 2, 3] }, [
        start,
        beginEach('a', [1, 2, 3]),
        item('a', [1, 3], 0, 'success', 1),
        item('a', [2, 3], 1, 'success', 'enough'),
        endEach('a', 'enough', { status: 'bailed' }),
        finish('success'),
      ]),
    ],
  },
  {
    construct,
    what: 'has items that suspend one by one, and are resumed',
    workflow: () => foreach(asksEven('a')),
    calls: [
      stream({ inputData: [1, 2, 4] }, [
        start,
        beginEach('a', [1, 2, 4]),
        item('a', [1, 3], 0, 'success', 10),
        item('a', [1, 3], 1, 'suspended'),
        suspendEach('a', [1, 2, 4], { even: 2 }),
        finish('suspended'),
      ]),
      resumeStream({ resumeData: 7 }, [
        start,
        beginEach('a', [1, 2, 4], resumedWith(7)),
        item('a', [2, 3], 1, 'success', 20),
        item('a', [2, 3], 2, 'suspended'),
        suspendEach('a', [1, 2, 4], { even: 4 }),
        finish('suspended'),
      ]),
      resumeStream({ step: 'a', resumeData: 8 }, [
        start,
        beginEach('a', [1, 2, 4], resumedWith(8)),
        item('a', [3, 3], 2, 'success', 40),
        endEach('a', [10, 20, 40]),
        ...zero([10, 20, 40]),
      ]),
    ],
  },
  {
    construct,
    what: 'is one entry of a run that executes one at a time',
    workflow: () => foreach(plus('a')),
    calls: [
      stream({ inputData: [1, 2], perStep: true }, [
        start,
        beginEach('a', [1, 2]),
        item('a', [1, 2], 0, 'success', 2),
        item('a', [2, 2], 1, 'success', 3),
        endEach('a', [2, 3]),
        paused,
        finish('paused'),
      ]),
    ],
  },
];

const atOnce: readonly StreamCase[] = [
  {
    construct,
    what: 'ends, its items at once',
    workflow: () => foreach(plus('a'), 3),
    calls: [
      stream({ inputData: [1, 2, 3] }, [
        start,
        beginEach('a', [1, 2, 3]),
        sideBySide(
          [item('a', [soFar, 3], 0, 'success', 2)],
          [item('a', [soFar, 3], 1, 'success', 3)],
          [item('a', [soFar, 3], 2, 'success', 4)],
        ),
        endEach('a', [2, 3, 4]),
        ...zero([2, 3, 4]),
      ]),
    ],
  },
  {
    construct,
    what: 'has an item that fails while others go on',
    workflow: () => foreach(fails('a', 2), 3),
    calls: [
      stream({ inputData: [1, 2, 3] }, [
        start,
        beginEach('a', [1, 2, 3]),
        sideBySide(
          [item('a', [soFar, 3], 0, 'success', 1)],
          [item('a', [soFar, 3], 1, 'failed')],
          [item('a', [soFar, 3], 2, 'success', 3)],
        ),
        failEach('a', error),
        finish('failed'),
      ]),
    ],
  },
  {
    construct,
    what: 'has items that suspend at once, and are resumed one by one',
    workflow: () => foreach(asksEven('a'), 3),
    calls: [
      stream({ inputData: [2, 3, 4] }, [
        start,
        beginEach('a', [2, 3, 4]),
        sideBySide(
          [item('a', [soFar, 3], 0, 'suspended')],
          [item('a', [soFar, 3], 1, 'success', 30)],
          [item('a', [soFar, 3], 2, 'suspended')],
        ),
        suspendEach('a', [2, 3, 4], { even: 2 }),
        finish('suspended'),
      ]),
      resumeStream({ step: 'a', forEachIndex: 2, resumeData: 7 }, [
        start,
        beginEach('a', [2, 3, 4], resumedWith(7)),
        item('a', [2, 3], 2, 'success', 40),
        suspendEach('a', [2, 3, 4], { even: 2 }),
        finish('suspended'),
      ]),
      resumeStream({ step: 'a', forEachIndex: 0, resumeData: 8 }, [
        start,
        beginEach('a', [2, 3, 4], resumedWith(8)),
        item('a', [3, 3], 0, 'success', 20),
        endEach('a', [20, 30, 40]),
        ...zero([20, 30, 40]),
      ]),
    ],
  },
  {
    construct,
    what: 'has items that suspend at once, and are resumed at once',
    workflow: () => foreach(asksEven('a'), 3),
    calls: [
      stream({ inputData: [2, 4] }, [
        start,
        beginEach('a', [2, 4]),
        sideBySide([item('a', [0, 2], 0, 'suspended')], [item('a', [0, 2], 1, 'suspended')]),
        suspendEach('a', [2, 4], { even: 2 }),
        finish('suspended'),
      ]),
      resumeStream({ resumeData: 7 }, [
        start,
        beginEach('a', [2, 4], resumedWith(7)),
        sideBySide([item('a', [soFar, 2], 0, 'success', 20)], [item('a', [soFar, 2], 1, 'success', 40)]),
        endEach('a', [20, 40]),
        ...zero([20, 40]),
      ]),
    ],
  },
];

export const foreachCases: readonly StreamCase[] = [...oneByOne, ...atOnce];
