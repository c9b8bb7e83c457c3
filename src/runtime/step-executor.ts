import { errorOf } from '../core/codec-error.ts';
import type {
  ConcurrencyDefinition,
  ConditionDefinition,
  LoopConditionDefinition,
  ReadContext,
  RequestContextLike,
  SleepTime,
  StepContext,
  StepDefinition,
  StepRuntime,
} from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import type { Clock } from '../ports/index.ts';
import { checkResumeKeys } from './arguments.ts';
import { ObservedPromise } from './observed-promise.ts';
import { RunWriter } from './step-writer.ts';
import { type TimeLimit, stepTimeout } from './time-limit.ts';
import { isEmptyObject, validate } from './validation.ts';

/** Results of earlier steps, as a body may read them. Synchronous, so whatever it reaches was loaded before or is local. */
export interface StepResults {
  /** The validated input of the run. */
  init(): unknown;
  /** Output of a step that succeeded, else null. */
  output(stepId: string): unknown;
}

/** Observes executions in this process: what metrics and logs are made of. */
export interface StepEmitter {
  emit(event: {
    readonly type: 'step-started' | 'step-timed-out' | 'step-ended';
    readonly stepId: string;
    readonly runId: string;
    readonly outcome?: StepOutcome['type'];
  }): void;
}

/** One execution of one step. Everything a body can reach comes in here; nothing is kept between two executions. */
export interface StepExecution {
  readonly step: StepDefinition;
  readonly runId: string;
  readonly workflowId: string;
  readonly resourceId?: string | undefined;
  readonly stepResults: StepResults;
  /** State at the start of the step; a `setState` of this execution does not change it. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly emitter: StepEmitter;
  /** What a body may use of the runtime. */
  readonly runtime: StepRuntime;
  /** Keeps what the body writes to the stream of its run. `custom`: it reaches the stream as it is. */
  readonly writeChunk: (chunk: unknown, custom: boolean) => Promise<void>;
  /** Mutable; the caller compares it before and after. */
  readonly requestContext: RequestContextLike;
  /** Output of the entry before, not yet validated. */
  readonly input: unknown;
  /** Only on the execution that a resume set off. */
  readonly resumeData?: unknown;
  /** What the step passed to `suspend` last time. */
  readonly suspendData?: unknown;
  /** 0 for the first attempt. */
  readonly retryCount: number;
  /** Stable over the attempts of this execution: what a side effect is made idempotent by. */
  readonly idempotencyKey: string;
  readonly validateInputs: boolean;
  readonly abortController: AbortController;
  readonly clock: Pick<Clock, 'timer'>;
  /** When the attempt fails if it is not over. @default it may take as long as it likes */
  readonly limit?: TimeLimit | undefined;
  /** The run pauses after this step instead of going on. */
  readonly perStep: boolean;
}

/** What a function that only reads is executed with. */
export type ReadExecution = Omit<StepExecution, 'step' | 'writeChunk' | 'clock' | 'limit'>;

/** What a step came to. `input` is the validated one. */
export type StepOutcome =
  | {
      readonly type: 'success';
      readonly input: unknown;
      readonly output: unknown;
      readonly state: Readonly<Record<string, unknown>> | undefined;
      readonly pause: boolean;
      /** The body ended the whole run with its output. */
      readonly bailed: boolean;
      /** The body canceled the run. */
      readonly aborted: boolean;
    }
  | {
      readonly type: 'failed';
      readonly input: unknown;
      readonly error: Error;
      readonly nonRetryable: boolean;
    }
  | {
      readonly type: 'suspended';
      readonly input: unknown;
      readonly payload: unknown;
      /** What the body returned after `suspend`, when truthy. */
      readonly output: unknown;
      readonly labels: readonly string[];
      /** Absent: none. */
      readonly resumeKeys?: readonly string[];
      readonly state: Readonly<Record<string, unknown>> | undefined;
    };

/** How far an attempt is. */
interface Progress {
  /** The validated one as soon as there is one. */
  input: unknown;
  /** Its time is over, and what its body still does has no effect. */
  isOver: boolean;
}

interface Effects {
  state: Readonly<Record<string, unknown>> | undefined;
  suspension: { payload: unknown; labels: readonly string[]; resumeKeys?: readonly string[] } | undefined;
  bail: { result: unknown } | undefined;
  aborted: boolean;
  /** Every `setState` and `suspend`, awaited by the body or not. */
  calls: ObservedPromise<unknown>[];
}

/** See `StepContext.engine`. */
const engine = Object.freeze({});

function readContext(execution: ReadExecution, stepId: string, inputData: unknown): ReadContext {
  const { runId, workflowId, resourceId, stepResults, state, requestContext } = execution;
  return {
    runId,
    workflowId,
    ...(resourceId === undefined ? {} : { resourceId }),
    stepId,
    inputData,
    state,
    requestContext,
    runtime: execution.runtime,
    engine,
    retryCount: execution.retryCount,
    idempotencyKey: execution.idempotencyKey,
    abortSignal: execution.abortController.signal,
    getInitData: () => stepResults.init(),
    getStepResult: (step) => stepResults.output(typeof step === 'string' ? step : step.id),
    ...(execution.resumeData === undefined ? {} : { resumeData: execution.resumeData }),
    ...(execution.suspendData === undefined ? {} : { suspendData: execution.suspendData }),
  };
}

function labelsOf(label: string | readonly string[] | undefined): readonly string[] {
  if (label === undefined) return [];
  return typeof label === 'string' ? [label] : label;
}

/** Does `work`, and notes it: its rejection must reach the body or, when the body never looks, fail the attempt. */
function observed<T>(effects: Effects, work: () => Promise<T>): Promise<T> {
  const call = new ObservedPromise(work());
  effects.calls.push(call);
  return call;
}

/** Waits for what the body did not wait for. Rejects with the first failure that nobody looked at. */
async function settleCalls({ calls }: Effects): Promise<void> {
  await Promise.allSettled(calls.map((call) => call.inner));
  await Promise.all(calls.filter((call) => !call.isObserved).map((call) => call.inner));
}

function stepContext(execution: StepExecution, progress: Progress, effects: Effects): StepContext {
  const { step, validateInputs } = execution;
  const check = async (
    schema: StepDefinition['stateSchema'],
    value: unknown,
    what: string,
  ): Promise<unknown> =>
    validate(validateInputs ? schema : undefined, value, {
      code: 'WORKFLOW_STEP_DATA_VALIDATION_FAILED',
      headline: `Step ${what} data validation failed`,
      details: { stepId: step.id },
    });
  let writer: RunWriter | undefined;
  return {
    ...readContext(execution, step.id, progress.input),
    setState: (next) =>
      observed(effects, async () => {
        const state = await check(step.stateSchema, next, 'state');
        if (typeof state !== 'object' || state === null || Array.isArray(state)) {
          throw new WorkflowError(
            'WORKFLOW_STEP_DATA_VALIDATION_FAILED',
            `setState of step "${step.id}" was given ${state === null ? 'null' : typeof state}: pass an object whose keys are merged into the state`,
            { details: { stepId: step.id } },
          );
        }
        effects.state = state as Record<string, unknown>;
      }),
    suspend: (payload, options) =>
      observed(effects, async () => {
        const valid = payload === undefined ? undefined : await check(step.suspendSchema, payload, 'suspend');
        const keys = checkResumeKeys(options?.resumeKey);
        effects.suspension = {
          payload: valid,
          labels: labelsOf(options?.resumeLabel),
          ...(keys.length === 0 ? {} : { resumeKeys: keys }),
        };
        return undefined;
      }),
    // Few bodies write, and a stream costs more than the rest of this.
    get writer() {
      writer ??= new RunWriter((chunk, custom) =>
        observed(effects, async () => {
          if (progress.isOver) throw execution.abortController.signal.reason;
          await execution.writeChunk(chunk, custom);
        }),
      );
      return writer;
    },
    bail(result) {
      effects.bail = { result };
      return undefined;
    },
    abort() {
      effects.aborted = true;
      execution.abortController.abort(abortedByStep(execution));
    },
  };
}

function abortedByStep({ step, runId }: StepExecution): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_ALREADY_FINISHED', `Step "${step.id}" aborted its run "${runId}"`, {
    details: { runId, stepId: step.id },
  });
}

/** The input of a step as its schema gives it. Rejects with what the schemas of input and request context refuse. */
export async function validInput(
  execution: Pick<StepExecution, 'step' | 'input' | 'validateInputs' | 'requestContext'>,
): Promise<unknown> {
  const { step, input, validateInputs, requestContext } = execution;
  if (!validateInputs) return input;
  await validate(step.requestContextSchema, requestContext.toJSON(), {
    code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    headline: `Step request context validation failed for step '${step.id}'`,
    details: { stepId: step.id },
  });
  const parsed = await validate(step.inputSchema, input, {
    code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED',
    headline: 'Step input validation failed',
    details: { stepId: step.id },
  });
  return isEmptyObject(parsed) ? input : parsed;
}

function isNonRetryable(error: Error): boolean {
  return 'isNonRetryable' in error && error.isNonRetryable === true;
}

async function attempt(execution: StepExecution, progress: Progress): Promise<StepOutcome> {
  try {
    progress.input = await validInput(execution);
    const effects: Effects = {
      state: undefined,
      suspension: undefined,
      bail: undefined,
      aborted: false,
      calls: [],
    };
    const returned = await execution.step.execute(stepContext(execution, progress, effects));
    await settleCalls(effects);
    const { input } = progress;
    const { state, suspension, bail, aborted } = effects;
    if (suspension !== undefined && bail === undefined && !aborted) {
      return { type: 'suspended', input, ...suspension, output: returned || undefined, state };
    }
    const output = bail === undefined ? returned : bail.result;
    return {
      type: 'success',
      input,
      output,
      state,
      pause: execution.perStep,
      bailed: bail !== undefined && !aborted,
      aborted,
    };
  } catch (thrown) {
    const error = errorOf(thrown);
    return { type: 'failed', input: progress.input, error, nonRetryable: isNonRetryable(error) };
  }
}

/** An attempt that is over at its limit, whether its body heeds the abort signal or not. */
async function attemptInTime(execution: StepExecution): Promise<StepOutcome> {
  const { limit, clock, abortController, emitter, step, runId } = execution;
  const progress = { input: execution.input, isOver: false };
  if (limit === undefined) return attempt(execution, progress);
  return new Promise((resolve) => {
    const onLimit = (): void => {
      const error = stepTimeout(execution, limit);
      progress.isOver = true;
      emitter.emit({ type: 'step-timed-out', stepId: step.id, runId });
      // Before the signal: a body that ends at once because of it comes too late.
      resolve({ type: 'failed', input: progress.input, error, nonRetryable: false });
      abortController.abort(error);
    };
    const cancel = clock.timer(limit.ms, onLimit, { keepAlive: true });
    void attempt(execution, progress).then((outcome) => {
      cancel();
      resolve(outcome);
    });
  });
}

/**
 * Executes a step once: validates its input, calls its body, and says what came of it. It never throws: whatever the body
 * or a schema throws is the outcome `failed`, and so is a body that is not over at the limit. The only place that calls a step's `execute`.
 */
export async function executeStep(execution: StepExecution): Promise<StepOutcome> {
  const { emitter, step, runId } = execution;
  emitter.emit({ type: 'step-started', stepId: step.id, runId });
  const outcome = await attemptInTime(execution);
  emitter.emit({ type: 'step-ended', stepId: step.id, runId, outcome: outcome.type });
  return outcome;
}

/**
 * Evaluates the conditions of a branch concurrently and resolves with the numbers of those that hold. One that throws
 * counts as not holding and is told to `onError`.
 */
export async function evaluateConditions(
  conditions: readonly ConditionDefinition[],
  execution: ReadExecution,
  onError: (condition: number, error: Error) => void,
): Promise<number[]> {
  const verdicts = await Promise.all(
    conditions.map(async (condition, number) => {
      try {
        return Boolean(await condition(readContext(execution, `condition_${number}`, execution.input)));
      } catch (thrown) {
        onError(number, errorOf(thrown));
        return false;
      }
    }),
  );
  return verdicts.flatMap((holds, number) => (holds ? [number] : []));
}

/**
 * Evaluates the condition of a loop after an iteration; resolves with whether another one follows. Rejects with what the
 * condition throws: unlike that of a branch, it then fails the run.
 */
export async function evaluateLoop(
  loop: { readonly loopType: 'dowhile' | 'dountil'; readonly condition: LoopConditionDefinition },
  execution: ReadExecution,
  iterationCount: number,
): Promise<boolean> {
  const context = readContext(execution, 'condition', execution.input);
  const holds = Boolean(await loop.condition({ ...context, iterationCount }));
  return holds === (loop.loopType === 'dowhile');
}

/** How many items of a foreach run at once; whatever is no number from 1 counts as 1. Rejects with what its function throws. */
export async function evaluateConcurrency(
  concurrency: number | ConcurrencyDefinition,
  execution: ReadExecution,
): Promise<number> {
  const given =
    typeof concurrency === 'function'
      ? await concurrency(readContext(execution, 'concurrency', execution.input))
      : concurrency;
  return typeof given === 'number' && given >= 1 && Number.isFinite(given) ? Math.floor(given) : 1;
}

/** The latest time that a Date can be, ms since 1970 (ECMAScript, Time Values and Time Range). */
const latestTime = 8_640_000_000_000_000;

/** Milliseconds since 1970 at which a sleep that begins now ends. Rejects with what its function throws. */
export async function evaluateSleep(time: SleepTime, execution: ReadExecution, now: number): Promise<number> {
  const context = (): ReadContext => readContext(execution, 'sleep', execution.input);
  const fixed = time.type === 'sleep' ? time.duration : time.date;
  const given = typeof fixed === 'function' ? await fixed(context()) : fixed;
  if (given === undefined || given === null) return now;
  const ms = time.type === 'sleep' ? given : given instanceof Date ? given.getTime() - now : Number.NaN;
  if (typeof ms === 'number' && !Number.isNaN(ms))
    return Math.min(latestTime, now + Math.max(0, Math.ceil(ms)));
  throw new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `A sleep was given ${typeof given === 'number' ? `the time ${given}` : `a ${typeof given}`}: return milliseconds from sleep, a Date from sleepUntil`,
  );
}
