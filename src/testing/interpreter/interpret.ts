import { copy } from './context.ts';
import { tripwireOf } from './failure.ts';
import { type Execution, Frame, Notes, type World } from './frame.ts';
import type { OpenPlace } from './open.ts';
import type { Ending, InterpretedStep } from './outcome.ts';
import { executeRun } from './run.ts';
import type { WorkflowLike } from './types.ts';
import { validated } from './validation.ts';

/** What a workflow is interpreted with. */
export interface InterpretOptions extends World {
  /** Validated by the workflow's `inputSchema`. @default undefined */
  readonly inputData?: unknown;
  /** Validated by the workflow's `stateSchema`, when it is given. @default {} */
  readonly initialState?: Readonly<Record<string, unknown>>;
  /** Validated by the workflow's `requestContextSchema`. @default {} */
  readonly requestContext?: Readonly<Record<string, unknown>>;
}

/** How an interpreted run may have ended. */
export interface InterpretedEnding {
  readonly status: 'success' | 'failed' | 'tripwire' | 'canceled' | 'suspended';
  /** Output of the last entry, or what a step bailed with; only with status `success`. */
  readonly result?: unknown;
  /** Only with status `failed`. */
  readonly error?: Error;
  /** Only with status `tripwire`. */
  readonly tripwire?: unknown;
}

/** What the semantics say of a run. */
export interface InterpretedRun extends InterpretedEnding {
  /** Endings that are as possible as this one. */
  readonly candidates: readonly InterpretedEnding[];
  readonly state: Readonly<Record<string, unknown>>;
  readonly requestContext: Readonly<Record<string, unknown>>;
  /** Entries of steps by their ids, without those of nested runs. */
  readonly steps: Readonly<Record<string, InterpretedStep>>;
  /** The same with those of nested runs: `<nested>.<step>`, with the number of the item in a foreach. */
  readonly nestedSteps: Readonly<Record<string, InterpretedStep>>;
  /** Ids to each suspended step; only with status `suspended`. */
  readonly suspended?: readonly (readonly string[])[];
  /**
   * How often each body ran. Of a place that is open this is the most that it can have run; of all others it is exact where
   * nothing is executed twice.
   */
  readonly executions: readonly (Execution & { readonly isOpen: boolean })[];
  /** What is open of entries, by their ids in `nestedSteps`. */
  readonly openSteps: ReadonlyMap<string, ReadonlySet<OpenPlace['what']>>;
  /** What depends on the schedule. */
  readonly open: readonly OpenPlace[];
}

/**
 * Interprets a run of `workflow`, as plainly as its meaning can be written down: no events, no records, no time. A suspended
 * step is resumed where it stands, so that what it gives is the same as when it is resumed a year later; members of a block
 * are executed one after the other, each to its end, and what could have come otherwise is noted as open. A body is a
 * function of what its context gives it, else this says nothing about another run of it.
 *
 * Rejects with what a schema says of invalid input, state, request context or resume data.
 */
export async function interpret(workflow: WorkflowLike, options: InterpretOptions): Promise<InterpretedRun> {
  const { resume, settlementOrder } = options;
  const start = await validStart(workflow, options);
  const notes = new Notes();
  const world = { resume, settlementOrder };
  const frame = new Frame({
    workflow,
    world,
    notes,
    place: [],
    path: [],
    init: start.input,
    executeRun,
  });
  const shared = { state: start.state, context: start.context };
  const outcome = await executeRun(frame, shared);
  const { ending } = outcome;
  return {
    ...endingOf(ending),
    candidates: outcome.others.map(endingOf),
    state: outcome.shared.state,
    requestContext: outcome.shared.context,
    steps: Object.fromEntries(frame.steps),
    nestedSteps: frame.flatSteps(),
    ...(ending.status === 'suspended' ? { suspended: distinct(ending.paths) } : {}),
    executions: notes.executions.map((execution) => ({
      ...execution,
      isOpen: notes.isOpen(execution.place),
    })),
    openSteps: new Map(frame.openSteps()),
    open: notes.open,
  };
}

async function validStart(workflow: WorkflowLike, options: InterpretOptions) {
  const code = 'WORKFLOW_SCHEMA_VALIDATION_FAILED';
  const { validateInputs, id } = workflow;
  const { initialState = {}, requestContext = {} } = options;
  const schemaOf = <Name extends 'inputSchema' | 'stateSchema' | 'requestContextSchema'>(name: Name) =>
    validateInputs ? workflow[name] : undefined;
  await validated(schemaOf('requestContextSchema'), copy(requestContext), {
    code,
    headline: `Request context validation failed for workflow '${id}'`,
  });
  const input = await validated(schemaOf('inputSchema'), copy(options.inputData), {
    code,
    headline: 'Invalid input data',
  });
  const stateSchema = options.initialState === undefined ? undefined : schemaOf('stateSchema');
  const state = await validated(stateSchema, copy(initialState), { code, headline: 'Invalid initial data' });
  return { input, state: state as Readonly<Record<string, unknown>>, context: copy(requestContext) };
}

function endingOf(ending: Ending): InterpretedEnding {
  switch (ending.status) {
    case 'success':
      return { status: 'success', result: ending.output };
    case 'failed': {
      const tripwire = tripwireOf(ending.error);
      return tripwire === undefined
        ? { status: 'failed', error: ending.error }
        : { status: 'tripwire', tripwire };
    }
    default:
      return { status: ending.status };
  }
}

function distinct(paths: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...new Map(paths.map((path) => [path.join('.'), path])).values()];
}
