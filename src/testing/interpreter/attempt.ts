import { call, copy, ownContext, readContext } from './context.ts';
import { errorOf, isNonRetryable, SemanticError } from './failure.ts';
import type { Frame } from './frame.ts';
import type { Ending } from './outcome.ts';
import { type Change, contextChange, isChange, noChange, type Shared } from './shared.ts';
import type { StepLike } from './types.ts';
import { isEmptyObject, validated } from './validation.ts';

/** What one execution of a body comes to. */
export interface Attempt {
  readonly input: unknown;
  /** The body was called: its input was fit for it. */
  readonly isExecuted: boolean;
  readonly change: Change;
  readonly ending:
    | Ending
    | { readonly status: 'aborted'; readonly output: unknown }
    | {
        readonly status: 'suspends';
        readonly payload: unknown;
        readonly output: unknown;
        readonly labels: readonly string[];
      };
}

/** What an execution is given beside the step. */
export interface AttemptGiven {
  readonly input: unknown;
  readonly shared: Shared;
  /** Failed attempts before it. */
  readonly attempt: number;
  readonly resumption: { readonly data: unknown; readonly payload: unknown } | undefined;
}

/** The input of a step as its schema gives it; rejects with what the schemas of input and request context refuse. */
export async function validInput(
  frame: Frame,
  step: StepLike,
  input: unknown,
  shared: Shared,
): Promise<unknown> {
  if (!frame.workflow.validateInputs) return input;
  await validated(step.requestContextSchema, copy(shared.context), {
    code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    headline: `Step request context validation failed for step '${step.id}'`,
  });
  const parsed = await validated(step.inputSchema, copy(input), {
    code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED',
    headline: 'Step input validation failed',
  });
  return isEmptyObject(parsed) ? input : parsed;
}

interface Effects {
  state: Readonly<Record<string, unknown>>;
  suspension: { readonly payload: unknown; readonly labels: readonly string[] } | undefined;
  bail: { readonly result: unknown } | undefined;
  isAborted: boolean;
}

/** What a body can do beside returning: it takes effect when the body has returned, and not at all when it throws. */
function effectful(frame: Frame, step: StepLike, effects: Effects): object {
  const check = (schema: StepLike['stateSchema'], value: unknown, what: string): Promise<unknown> =>
    validated(frame.workflow.validateInputs ? schema : undefined, value, {
      code: 'WORKFLOW_STEP_DATA_VALIDATION_FAILED',
      headline: `Step ${what} data validation failed`,
    });
  return {
    setState: async (next: unknown) => {
      const state = await check(step.stateSchema, next, 'state');
      if (typeof state !== 'object' || state === null || Array.isArray(state)) {
        throw new SemanticError('WORKFLOW_STEP_DATA_VALIDATION_FAILED', 'setState takes an object');
      }
      // The last call counts.
      effects.state = copy(state) as Record<string, unknown>;
    },
    suspend: async (payload?: unknown, options?: { resumeLabel?: string | readonly string[] }) => {
      const valid = payload === undefined ? undefined : await check(step.suspendSchema, payload, 'suspend');
      effects.suspension = { payload: valid, labels: [options?.resumeLabel ?? []].flat() };
    },
    bail: (result?: unknown) => {
      effects.bail = { result };
    },
    abort: () => {
      effects.isAborted = true;
    },
    writer: { write: async () => {}, custom: async () => {} },
  };
}

function endingOf({ suspension, bail, isAborted }: Effects, returned: unknown): Attempt['ending'] {
  // To abort wins over to bail, and that over to suspend.
  const output = bail === undefined ? returned : bail.result;
  if (isAborted) return { status: 'aborted', output };
  if (bail !== undefined) return { status: 'success', output, isBailed: true };
  if (suspension === undefined) return { status: 'success', output };
  return { status: 'suspends', ...suspension, output: returned || undefined };
}

/** Executes a body once. */
export async function attemptStep(frame: Frame, step: StepLike, given: AttemptGiven): Promise<Attempt> {
  const { shared, attempt, resumption } = given;
  let { input } = given;
  let isExecuted = false;
  try {
    input = await validInput(frame, step, input, shared);
    isExecuted = true;
    const effects: Effects = { state: {}, suspension: undefined, bail: undefined, isAborted: false };
    const requestContext = ownContext(shared);
    const reading = { stepId: step.id, inputData: input, shared, requestContext, retryCount: attempt };
    const returned = await call(step.execute, {
      ...readContext(frame, reading),
      ...(resumption?.data === undefined ? {} : { resumeData: copy(resumption.data) }),
      ...(resumption?.payload === undefined ? {} : { suspendData: copy(resumption.payload) }),
      ...effectful(frame, step, effects),
    });
    const context = contextChange(shared.context, copy(requestContext.toJSON()));
    const change = { ...context, state: effects.state };
    return {
      input,
      isExecuted,
      change: isChange(change) ? change : noChange,
      ending: endingOf(effects, copy(returned)),
    };
  } catch (thrown) {
    const error = errorOf(thrown);
    // What a body that throws has changed does not count.
    return {
      input,
      isExecuted,
      change: noChange,
      ending: { status: 'failed', error, isNonRetryable: isNonRetryable(error) },
    };
  }
}
