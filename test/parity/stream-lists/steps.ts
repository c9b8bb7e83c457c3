import { createStep, NonRetryableError, TripWire } from '../../../src/index.ts';
import { any, body } from '../../runtime/steps.ts';
import { thrown } from './events.ts';

/** Steps of the cases. What they do depends on nothing but what they get: any process may execute any of them. */

/** Executions in this process that end only when their run does. */
export const hanging = new Set<object>();

/** Adds `by` to the number that it gets. */
export function plus(id: string, by = 1) {
  return body(id, async ({ inputData }) => Number(inputData) + by);
}

/** Always gives the same. */
export function gives(id: string, value: unknown) {
  return body(id, async () => value);
}

/** Asks about its input, and gives the answer. */
export function asks(id: string) {
  return body(id, async ({ inputData, resumeData, suspend }) => resumeData ?? suspend({ ask: inputData }), {
    resumeSchema: any,
  });
}

/** Asks about even numbers only, and gives ten times its input. */
export function asksEven(id: string) {
  return body(
    id,
    async ({ inputData, resumeData, suspend }) =>
      Number(inputData) % 2 === 0 && resumeData === undefined
        ? suspend({ even: inputData })
        : Number(inputData) * 10,
    { resumeSchema: any },
  );
}

export const error = thrown('TypeError', 'no');
export const never = thrown('NonRetryableError', 'never', { isNonRetryable: true });

/** Fails on the number `on`, or on everything; else gives its input. */
export function fails(id: string, on?: number) {
  return body(id, async ({ inputData }) => {
    if (on === undefined || inputData === on) throw new TypeError('no');
    return inputData;
  });
}

/** Fails twice, and then gives its input; says each time that it tries. */
export function failsTwice(id: string, retries = 2) {
  return body(
    id,
    async ({ inputData, retryCount, writer }) => {
      await writer.write({ attempt: retryCount });
      if (retryCount < 2) throw new TypeError('no');
      return inputData;
    },
    { retries },
  );
}

/** Fails in a way that no retry helps. */
export function failsForGood(id: string) {
  return body(
    id,
    async () => {
      throw new NonRetryableError('never');
    },
    { retries: 3 },
  );
}

export const trip = { reason: 'stop', retry: true, metadata: { rule: 1 } };
const { reason, ...details } = trip;
export const tripError = thrown('TripWire', reason, { tripwire: trip });

/** Ends the run with a tripwire, on the number `on` or on everything; else gives its input. */
export function trips(id: string, on?: number) {
  return body(id, async ({ inputData }) => {
    if (on === undefined || inputData === on) throw new TripWire(reason, details);
    return inputData;
  });
}

/** Writes both ways, and gives its input. */
export function writes(id: string) {
  return body(id, async ({ inputData, writer }) => {
    await writer.write({ chunk: inputData });
    await writer.custom({ type: 'data-note', data: { about: inputData }, id: `n${String(inputData)}` });
    return inputData;
  });
}

/** Ends the run with a result of its own, on the number `on` or on everything. */
export function bails(id: string, on?: number) {
  return body(id, async ({ inputData, bail }) =>
    on === undefined || inputData === on ? bail('enough') : inputData,
  );
}

/** Cancels the run, on the number `on` or on everything, and gives its input. */
export function aborts(id: string, on?: number) {
  return body(id, async ({ inputData, abort }) => {
    if (on === undefined || inputData === on) abort();
    return inputData;
  });
}

/** Ends only when its run does. */
export function hangs(id: string) {
  return body(id, async ({ inputData, abortSignal }) => {
    const aborted = Promise.withResolvers<undefined>();
    abortSignal.addEventListener('abort', () => aborted.resolve(undefined));
    hanging.add(aborted);
    if (!abortSignal.aborted) await aborted.promise;
    hanging.delete(aborted);
    return inputData;
  });
}

/** An agent that says two words in three chunks, and what it used. */
export const agentChunks = [
  { type: 'text-delta', payload: { text: 'Good ' } },
  { type: 'text-delta', payload: { text: 'day' } },
  { type: 'finish', payload: { output: { usage: { inputTokens: 2, outputTokens: 3, totalTokens: 5 } } } },
] as const;

/** A step that is an agent which gives these chunks. */
export function agent(id: string, chunks: readonly object[] = agentChunks) {
  return createStep({
    id,
    stream: async () => ({
      fullStream: (async function* () {
        yield* chunks;
      })(),
    }),
  });
}
