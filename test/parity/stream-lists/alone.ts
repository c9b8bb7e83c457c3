import { createStep } from '../../../src/index.ts';
import { any, echo, flow } from '../../runtime/steps.ts';
import { canceledAt, resumeStream, stream, type StreamCase, timeTravelStream } from './case.ts';
import {
  begin,
  canceled,
  end,
  fail,
  finish,
  paused,
  resumedWith,
  sleepFails,
  start,
  suspend,
  thrown,
  wait,
  wake,
  wasResumed,
  wrote,
} from './events.ts';
import { agent, agentChunks, error, plus, trip } from './steps.ts';

/** What is no block and no step of one's own: mappings, agents, tools, sleeps. */

const mapCases: readonly StreamCase[] = [
  {
    construct: 'map',
    what: 'ends',
    workflow: () =>
      flow('w')
        .then(plus('a'))
        .map({ n: { value: 7, schema: any } }, { id: 'm' })
        .then(echo('b'))
        .commit(),
    calls: [
      stream({ inputData: 1 }, [
        start,
        begin('a', 1),
        end('a', 1, 2),
        begin('m', 2),
        end('m', 2, { n: 7 }),
        begin('b', { n: 7 }),
        end('b', { n: 7 }, { n: 7 }),
        finish('success'),
      ]),
      timeTravelStream({ step: 'm' }, [
        start,
        begin('m', 2),
        end('m', 2, { n: 7 }),
        begin('b', { n: 7 }),
        end('b', { n: 7 }, { n: 7 }),
        finish('success'),
      ]),
    ],
  },
  {
    construct: 'map',
    what: 'fails',
    workflow: () =>
      flow('w')
        .map(
          async () => {
            throw new TypeError('no');
          },
          { id: 'm' },
        )
        .then(plus('b'))
        .commit(),
    calls: [stream({ inputData: 1 }, [start, begin('m', 1), fail('m', 1, error), finish('failed')])],
  },
  {
    construct: 'map',
    what: 'is executed one at a time',
    workflow: () =>
      flow('w')
        .map(async () => 7, { id: 'm' })
        .then(plus('b'))
        .commit(),
    calls: [
      stream({ inputData: 1, perStep: true }, [
        start,
        begin('m', 1),
        end('m', 1, 7),
        paused,
        finish('paused'),
      ]),
    ],
  },
];

const used = { inputTokens: 2, outputTokens: 3, totalTokens: 5 };
const prompt = { prompt: 'Hello' };
const tripChunk = { type: 'tripwire', payload: trip };
const errorChunk = { type: 'error', payload: { error: new TypeError('no') } };

const agentCases: readonly StreamCase[] = [
  {
    construct: 'agent',
    what: 'answers',
    workflow: () => flow('w').then(agent('g')).commit(),
    calls: [
      stream({ inputData: prompt }, [
        start,
        begin('g', prompt),
        ...agentChunks.map((chunk) => wrote('g', chunk)),
        end('g', prompt, { text: 'Good day' }),
        finish('success', { used }),
      ]),
    ],
  },
  {
    construct: 'agent',
    what: 'is one of two, whose tokens are summed',
    workflow: () =>
      flow('w')
        .then(agent('g'))
        .map(async () => prompt, { id: 'm' })
        .then(agent('h'))
        .commit(),
    calls: [
      stream({ inputData: prompt }, [
        start,
        begin('g', prompt),
        ...agentChunks.map((chunk) => wrote('g', chunk)),
        end('g', prompt, { text: 'Good day' }),
        begin('m', { text: 'Good day' }),
        end('m', { text: 'Good day' }, prompt),
        begin('h', prompt),
        ...agentChunks.map((chunk) => wrote('h', chunk)),
        end('h', prompt, { text: 'Good day' }),
        finish('success', { used: { inputTokens: 4, outputTokens: 6, totalTokens: 10 } }),
      ]),
    ],
  },
  {
    construct: 'agent',
    what: 'fails',
    workflow: () =>
      flow('w')
        .then(agent('g', [agentChunks[0], errorChunk]))
        .commit(),
    calls: [
      stream({ inputData: prompt }, [
        start,
        begin('g', prompt),
        wrote('g', agentChunks[0]),
        wrote('g', errorChunk),
        fail('g', prompt, error),
        finish('failed'),
      ]),
    ],
  },
  {
    construct: 'agent',
    what: 'is stopped by a tripwire',
    workflow: () =>
      flow('w')
        .then(agent('g', [tripChunk]))
        .commit(),
    calls: [
      stream({ inputData: prompt }, [
        start,
        begin('g', prompt),
        wrote('g', tripChunk),
        fail('g', prompt, thrown('TripWire', trip.reason, { tripwire: trip }), { tripwire: trip }),
        finish('tripwire', { tripwire: trip }),
      ]),
    ],
  },
];

/** Gives its input and what it was told on resumption; asks for that before, if `asks`. */
function tool(asks: boolean) {
  return createStep({
    id: 't',
    inputSchema: any,
    outputSchema: any,
    resumeSchema: any,
    execute: async (
      input: unknown,
      context: { resumeData?: unknown; suspend: (payload: unknown) => Promise<undefined> },
    ) =>
      asks && context.resumeData === undefined
        ? context.suspend({ ask: input })
        : [input, context.resumeData],
  });
}

const toolCases: readonly StreamCase[] = [
  {
    construct: 'tool',
    what: 'ends',
    workflow: () => flow('w').then(tool(false)).commit(),
    calls: [stream({ inputData: 1 }, [start, begin('t', 1), end('t', 1, [1, undefined]), finish('success')])],
  },
  {
    construct: 'tool',
    what: 'suspends, and is resumed',
    workflow: () => flow('w').then(tool(true)).commit(),
    calls: [
      stream({ inputData: 1 }, [start, begin('t', 1), suspend('t', 1, { ask: 1 }), finish('suspended')]),
      resumeStream({ step: 't', resumeData: 7 }, [
        start,
        begin('t', 1, resumedWith(7)),
        end('t', 1, [1, 7], wasResumed({ ask: 1 }, 7)),
        finish('success'),
      ]),
    ],
  },
];

const sleeps = {
  sleep: [
    () => flow('w').then(plus('a')).sleep(1, { id: 'nap' }).then(plus('b')),
    () =>
      flow('w')
        .sleep(async () => Promise.reject(new TypeError('no')), { id: 'nap' })
        .then(plus('b')),
    () => flow('w').sleep(3_600_000, { id: 'nap' }).then(plus('b')),
  ],
  sleepUntil: [
    () => flow('w').then(plus('a')).sleepUntil(new Date(1), { id: 'nap' }).then(plus('b')),
    () =>
      flow('w')
        .sleepUntil(async () => Promise.reject(new TypeError('no')), { id: 'nap' })
        .then(plus('b')),
    () =>
      flow('w')
        .sleepUntil(async () => new Date(Date.now() + 3_600_000), { id: 'nap' })
        .then(plus('b')),
  ],
} as const;

const sleepCases = (['sleep', 'sleepUntil'] as const).flatMap((construct): StreamCase[] => {
  const [short, failing, long] = sleeps[construct];
  const asleep = [start, begin('a', 1), end('a', 1, 2), wait('nap', 2), wake('nap', 2)];
  return [
    {
      construct,
      what: 'ends',
      workflow: () => short().commit(),
      calls: [
        stream({ inputData: 1 }, [...asleep, begin('b', 2), end('b', 2, 3), finish('success')]),
        timeTravelStream({ step: 'nap' }, [
          start,
          wait('nap', 2),
          wake('nap', 2),
          begin('b', 2),
          end('b', 2, 3),
          finish('success'),
        ]),
      ],
    },
    {
      construct,
      what: 'fails, as its function does',
      workflow: () => failing().commit(),
      calls: [stream({ inputData: 1 }, [start, sleepFails('nap', error), finish('failed')])],
    },
    {
      construct,
      what: 'goes on while the run is canceled',
      workflow: () => long().commit(),
      calls: [
        canceledAt(
          'workflow-step-waiting',
          stream({ inputData: 1 }, [start, wait('nap', 1), canceled, finish('canceled')]),
        ),
      ],
    },
    {
      construct,
      what: 'is one entry of a run that executes one at a time',
      workflow: () => short().commit(),
      calls: [
        stream({ inputData: 1, perStep: true }, [
          start,
          begin('a', 1),
          end('a', 1, 2),
          paused,
          finish('paused'),
        ]),
        timeTravelStream({ step: 'nap', perStep: true }, [
          start,
          wait('nap', 2),
          wake('nap', 2),
          paused,
          finish('paused'),
        ]),
      ],
    },
  ];
});

export const aloneCases: readonly StreamCase[] = [...mapCases, ...agentCases, ...toolCases, ...sleepCases];
