import { body, flow } from '../../runtime/steps.ts';
import { resumeStream, stream, type StreamCase, timeTravelStream } from './case.ts';
import {
  begin,
  custom,
  end,
  fail,
  finish,
  iteration,
  type ListedEvent,
  paused,
  resumedWith,
  start,
  suspend,
  wasResumed,
  wrote,
} from './events.ts';
import { asks, bails, error, fails, gives, plus, trip, tripError, trips, writes } from './steps.ts';

type Body = ReturnType<typeof plus>;

/** `.dowhile` and `.dountil` of the same body, until the number is `limit`; then `z`. */
const loops = {
  dowhile: (looped: Body, limit: number) =>
    flow('w')
      .dowhile(looped, async ({ inputData }) => Number(inputData) < limit)
      .then(gives('z', 0))
      .commit(),
  dountil: (looped: Body, limit: number) =>
    flow('w')
      .dountil(looped, async ({ inputData }) => Number(inputData) >= limit)
      .then(gives('z', 0))
      .commit(),
} as const;

/** Adds 1, and fails twice in each iteration. */
function failsTwiceAndAdds(id: string) {
  return body(
    id,
    async ({ inputData, retryCount }) => {
      if (retryCount < 2) throw new TypeError('no');
      return Number(inputData) + 1;
    },
    { retries: 2 },
  );
}

/** An iteration of a loop whose body adds 1, from its input. */
function counts(input: number, count: number): ListedEvent[] {
  return [begin('a', input, iteration(count)), end('a', input, input + 1, iteration(count))];
}

function zero(input: unknown): ListedEvent[] {
  return [begin('z', input), end('z', input, 0), finish('success')];
}

export const loopCases = (['dowhile', 'dountil'] as const).flatMap((construct): StreamCase[] => {
  const loop = loops[construct];
  return [
    {
      construct,
      what: 'ends',
      workflow: () => loop(plus('a'), 3),
      calls: [
        stream({ inputData: 0 }, [start, ...counts(0, 1), ...counts(1, 2), ...counts(2, 3), ...zero(3)]),
        timeTravelStream({ step: 'a', inputData: 1 }, [start, ...counts(1, 1), ...counts(2, 2), ...zero(3)]),
      ],
    },
    {
      construct,
      what: 'has one iteration',
      workflow: () => loop(plus('a'), 0),
      calls: [stream({ inputData: 0 }, [start, ...counts(0, 1), ...zero(1)])],
    },
    {
      construct,
      what: 'has a body that writes',
      workflow: () => loop(writes('a'), 0),
      calls: [
        stream({ inputData: 1 }, [
          start,
          begin('a', 1, iteration(1)),
          wrote('a', { chunk: 1 }),
          custom('data-note', { data: { about: 1 }, id: 'n1' }),
          end('a', 1, 1, iteration(1)),
          ...zero(1),
        ]),
      ],
    },
    {
      construct,
      what: 'has a body that is retried in each iteration',
      workflow: () => loop(failsTwiceAndAdds('a'), 2),
      calls: [stream({ inputData: 0 }, [start, ...counts(0, 1), ...counts(1, 2), ...zero(2)])],
    },
    {
      construct,
      what: 'has a body that fails',
      workflow: () => loop(fails('a'), 2),
      calls: [
        stream({ inputData: 0 }, [
          start,
          begin('a', 0, iteration(1)),
          fail('a', 0, error, iteration(1)),
          finish('failed'),
        ]),
      ],
    },
    {
      construct,
      what: 'has a condition that fails',
      workflow: () => {
        const w = flow('w');
        return w[construct](plus('a'), async () => Promise.reject(new TypeError('no'))).commit();
      },
      calls: [
        stream({ inputData: 0 }, [
          start,
          begin('a', 0, iteration(1)),
          fail('a', 0, error, iteration(1)),
          finish('failed'),
        ]),
      ],
    },
    {
      construct,
      what: 'has a body that bails',
      workflow: () => loop(bails('a'), 2),
      calls: [
        stream({ inputData: 0 }, [
          start,
          begin('a', 0, iteration(1)),
          end('a', 0, 'enough', { status: 'bailed', ...iteration(1) }),
          finish('success'),
        ]),
      ],
    },
    {
      construct,
      what: 'has a body that ends the run with a tripwire',
      workflow: () => loop(trips('a'), 2),
      calls: [
        stream({ inputData: 0 }, [
          start,
          begin('a', 0, iteration(1)),
          fail('a', 0, tripError, { tripwire: trip, ...iteration(1) }),
          finish('tripwire', { tripwire: trip }),
        ]),
      ],
    },
    {
      construct,
      what: 'has a body that suspends in each iteration, and is resumed',
      workflow: () => loop(asks('a'), 2),
      calls: [
        stream({ inputData: 0 }, [
          start,
          begin('a', 0, iteration(1)),
          suspend('a', 0, { ask: 0 }, iteration(1)),
          finish('suspended'),
        ]),
        resumeStream({ resumeData: 1 }, [
          start,
          begin('a', 0, { ...resumedWith(1), ...iteration(1) }),
          end('a', 0, 1, { ...wasResumed({ ask: 0 }, 1), ...iteration(1) }),
          begin('a', 1, iteration(2)),
          suspend('a', 1, { ask: 1 }, iteration(2)),
          finish('suspended'),
        ]),
        resumeStream({ step: 'a', resumeData: 2 }, [
          start,
          begin('a', 1, { ...resumedWith(2), ...iteration(2) }),
          end('a', 1, 2, { ...wasResumed({ ask: 1 }, 2), ...iteration(2) }),
          ...zero(2),
        ]),
      ],
    },
    {
      construct,
      what: 'is one entry of a run that executes one at a time',
      workflow: () => loop(plus('a'), 2),
      calls: [
        stream({ inputData: 0, perStep: true }, [
          start,
          ...counts(0, 1),
          ...counts(1, 2),
          paused,
          finish('paused'),
        ]),
        timeTravelStream({ step: 'z' }, [start, ...zero(2)]),
      ],
    },
  ];
});
