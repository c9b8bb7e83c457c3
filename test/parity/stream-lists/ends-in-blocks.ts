import { createWorkflow } from '../../../src/index.ts';
import { any, flow } from '../../runtime/steps.ts';
import { canceledAfter, resumeStream, stream, type StreamCase, timeTravelStream } from './case.ts';
import {
  begin,
  beginEach,
  canceled,
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
  soFarAndKept,
  start,
  suspend,
  suspendEach,
  wasResumed,
} from './events.ts';
import { aborts, asks, asksEven, error, fails, gives, hangs, plus, trip, tripError, trips } from './steps.ts';

/** Ends that a member of a block brings about for the whole run, or that come from without; and what begins it anew. */

type Body = ReturnType<typeof plus>;

/** Blocks of steps at once, and `z` behind. */
const blocks = {
  parallel: (...arms: Body[]) => flow('w').parallel(arms).then(gives('z', 0)).commit(),
  branch: (...arms: Body[]) =>
    flow('w')
      .branch([...arms.map((arm) => [async () => true, arm] as const), [async () => false, plus('never')]])
      .then(gives('z', 0))
      .commit(),
} as const;

const endsOfArms = (['parallel', 'branch'] as const).flatMap((construct): StreamCase[] => {
  const block = blocks[construct];
  const other = [begin('q', 1), end('q', 1, 2)];
  return [
    {
      construct,
      what: 'has an arm that aborts the run',
      // Others would be cut off wherever they are.
      workflow: () => block(aborts('p')),
      calls: [stream({ inputData: 1 }, [start, begin('p', 1), end('p', 1, 1), canceled, finish('canceled')])],
    },
    {
      construct,
      what: 'has an arm that ends the run with a tripwire',
      workflow: () => block(trips('p'), plus('q')),
      calls: [
        stream({ inputData: 1 }, [
          start,
          sideBySide([begin('p', 1), fail('p', 1, tripError, { tripwire: trip })], other),
          finish('tripwire', { tripwire: trip }),
        ]),
      ],
    },
    {
      construct,
      what: 'has arms that are executed while the run is canceled',
      workflow: () => block(hangs('p'), hangs('q')),
      calls: [
        canceledAfter(
          2,
          'workflow-step-start',
          stream({ inputData: 1 }, [
            start,
            sideBySide([begin('p', 1)], [begin('q', 1)]),
            canceled,
            finish('canceled'),
          ]),
        ),
      ],
    },
  ];
});

/** A foreach of `each`, then `z`. */
function foreach(each: Body, concurrency = 1) {
  return flow('w').foreach(each, { concurrency }).then(gives('z', 0)).commit();
}

const endsOfItems: readonly StreamCase[] = [
  {
    construct: 'foreach',
    what: 'has an item that aborts the run',
    workflow: () => foreach(aborts('a', 2)),
    calls: [
      stream({ inputData: [1, 2, 3] }, [
        start,
        beginEach('a', [1, 2, 3]),
        item('a', [1, 3], 0, 'success', 1),
        item('a', [2, 3], 1, 'success', 2),
        canceled,
        finish('canceled'),
      ]),
    ],
  },
  {
    construct: 'foreach',
    what: 'has an item that ends the run with a tripwire',
    workflow: () => foreach(trips('a', 2)),
    calls: [
      stream({ inputData: [1, 2, 3] }, [
        start,
        beginEach('a', [1, 2, 3]),
        item('a', [1, 3], 0, 'success', 1),
        item('a', [1, 3], 1, 'failed'),
        failEach('a', tripError, { tripwire: trip }),
        finish('tripwire', { tripwire: trip }),
      ]),
    ],
  },
  {
    construct: 'foreach',
    what: 'has items that are executed while the run is canceled',
    workflow: () => foreach(hangs('a'), 2),
    calls: [
      canceledAfter(
        1,
        'workflow-step-start',
        stream({ inputData: [1, 2] }, [start, beginEach('a', [1, 2]), canceled, finish('canceled')]),
      ),
    ],
  },
];

const anew: readonly StreamCase[] = [
  {
    construct: 'foreach',
    what: 'has items that suspend, and is begun anew by a time travel',
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
      timeTravelStream({ step: 'a' }, [
        start,
        beginEach('a', [2, 3, 4]),
        sideBySide(
          [item('a', [soFarAndKept, 3], 0, 'suspended')],
          [item('a', [soFarAndKept, 3], 2, 'suspended')],
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
      resumeStream({ step: 'a', resumeData: 8 }, [
        start,
        beginEach('a', [2, 3, 4], resumedWith(8)),
        item('a', [3, 3], 0, 'success', 20),
        endEach('a', [20, 30, 40]),
        begin('z', [20, 30, 40]),
        end('z', [20, 30, 40], 0),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'nested workflow',
    what: 'fails, and is retried as a whole',
    workflow: () => {
      const retryConfig = { attempts: 1 };
      return createWorkflow({ id: 'w', inputSchema: any, outputSchema: any, retryConfig })
        .then(flow('n').then(plus('a')).then(fails('b')).commit())
        .commit();
    },
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('n', 1),
        ...[1, 2].flatMap(() => [begin('n.a', 1), end('n.a', 1, 2), begin('n.b', 2), fail('n.b', 2, error)]),
        fail('n', 1, error),
        finish('failed'),
      ]),
    ],
  },
  {
    construct: 'branch',
    what: 'has an arm that is a nested workflow, suspends and is resumed',
    workflow: () =>
      flow('w')
        .branch([
          [async () => true, flow('n').then(plus('a')).then(asks('b')).commit()],
          [async () => false, plus('never')],
        ])
        .then(gives('z', 0))
        .commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('n', 1),
        begin('n.a', 1),
        end('n.a', 1, 2),
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
        begin('z', { n: 7 }),
        end('z', { n: 7 }, 0),
        finish('success'),
      ]),
    ],
  },
];

const endsOfLoops = (['dowhile', 'dountil'] as const).flatMap((construct): StreamCase[] => {
  const loop = (looped: Body) => {
    const w = flow('w');
    const isLow = (input: unknown): boolean => Number(input) < 9;
    return w[construct](looped, async ({ inputData }) => isLow(inputData) === (construct === 'dowhile'))
      .then(gives('z', 0))
      .commit();
  };
  return [
    {
      construct,
      what: 'has a body that aborts the run',
      workflow: () => loop(aborts('a')),
      calls: [
        stream({ inputData: 0 }, [
          start,
          begin('a', 0, iteration(1)),
          end('a', 0, 0, iteration(1)),
          canceled,
          finish('canceled'),
        ]),
      ],
    },
    {
      construct,
      what: 'has a body that is executed while the run is canceled',
      workflow: () => loop(hangs('a')),
      calls: [
        canceledAfter(
          1,
          'workflow-step-start',
          stream({ inputData: 0 }, [start, begin('a', 0, iteration(1)), canceled, finish('canceled')]),
        ),
      ],
    },
  ];
});

export const endsInBlocksCases: readonly StreamCase[] = [
  ...endsOfArms,
  ...endsOfLoops,
  ...endsOfItems,
  ...anew,
];
