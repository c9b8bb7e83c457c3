import { SemanticError } from './failure.ts';
import type { Frame } from './frame.ts';
import type { Shared } from './shared.ts';
import type { AuthorFunction } from './types.ts';

/** A copy, as each body gets one: what it does to its own reaches nobody. */
export function copy<T>(value: T): T {
  return structuredClone(value);
}

/** The request context of one execution. */
export class OwnContext extends Map<string, unknown> {
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(this);
  }
}

/** A request context with these values. */
export function ownContext({ context }: Pick<Shared, 'context'>): OwnContext {
  return new OwnContext(Object.entries(copy(context)));
}

/** What every function of an author gets. */
export interface Given {
  readonly stepId: string;
  readonly inputData: unknown;
  readonly shared: Shared;
  readonly requestContext: OwnContext;
  /** -1 for what is no step. */
  readonly retryCount: number;
}

function absent(what: string): never {
  throw new SemanticError(
    'WORKFLOW_NOT_FOUND',
    `The interpreter has no ${what}: interpret workflows whose bodies use none`,
  );
}

/** What can be read. */
export function readContext(frame: Frame, given: Given): Record<string, unknown> {
  return {
    runId: 'interpreted',
    workflowId: frame.workflow.id,
    stepId: given.stepId,
    inputData: copy(given.inputData),
    state: copy(given.shared.state),
    requestContext: given.requestContext,
    retryCount: given.retryCount,
    idempotencyKey: 'interpreted',
    abortSignal: new AbortController().signal,
    getInitData: () => copy(frame.init),
    getStepResult: (step: string | { readonly id: string }) => {
      const id = typeof step === 'string' ? step : step.id;
      return frame.outputs.has(id) ? copy(frame.outputs.get(id)) : null;
    },
    runtime: {
      getWorkflow: () => absent('other workflows'),
      getAgent: () => absent('agents'),
      getTool: () => absent('tools'),
      logger: { warn: () => {} },
    },
    engine: {},
  };
}

/** Calls a function of the author. */
export async function call(fn: AuthorFunction, context: object): Promise<unknown> {
  return (fn as (context: object) => unknown)(context);
}

/** Asks a function that decides about an entry: it belongs to no attempt, and can change nothing. */
export async function ask(
  frame: Frame,
  fn: AuthorFunction,
  { inputData, shared, more = {} }: { inputData: unknown; shared: Shared; more?: object },
): Promise<unknown> {
  const requestContext = ownContext(shared);
  const given = { stepId: 'condition', inputData, shared, requestContext, retryCount: -1 };
  return call(fn, { ...readContext(frame, given), ...more });
}
