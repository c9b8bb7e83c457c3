import type { AnySchema, RetryConfig } from '../core/definition.ts';
import type { OutputOf } from './schema.ts';
import type { Step } from './step-types.ts';

/** What an agent may have beside what is called. */
interface AgentFields<Id extends string> {
  /** Id of the step. @default its name */
  readonly id?: Id;
  readonly name?: string;
  readonly description?: string;
  getDescription?(): string;
  /** When its `specificationVersion` is `v1`, `streamLegacy` is called instead of `stream`. */
  getModel?(...options: never): unknown;
  streamLegacy?(prompt: never, options: never): unknown;
}

/**
 * What a step can be made of that asks a model: any object with `stream`, or at least `generate`. `stream` gives, or
 * promises, an object with the chunks as `fullStream`, and what they come to as `text` and `object`, each of which may be a
 * promise. Both are called with the prompt and with options: those of the step, `requestContext`, `abortSignal` and `onFinish`.
 */
export type AgentLike<Id extends string = string> = AgentFields<Id> &
  ({ stream(prompt: never, options: never): unknown } | { generate(prompt: never, options: never): unknown });

/** Options of a step that is an agent. What is not named here is given to the agent as it is. */
export interface AgentStepOptions<Out extends AnySchema = AnySchema> {
  /** Short for `retryConfig.attempts`: attempts after the first one, 0 to 999. @default what its `retryConfig` or the workflow's says, else 0 */
  readonly retries?: number;
  /** Its retry policy. Each field that it has wins over that of the workflow. @default the workflow's `retryConfig` */
  readonly retryConfig?: RetryConfig;
  /**
   * Longest time of one attempt, ms, 1 to 2,147,483,647. When it is over, `abortSignal` aborts and the attempt fails with
   * WORKFLOW_STEP_TIMEOUT, also when the agent goes on. @default none, but that of the function on AWS
   */
  readonly timeoutMs?: number;
  /** For people who look at the graph. @default none */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * The agent gives an object by this schema; when it gives none, the step fails.
   * @default the agent gives a text, and the output is `{ text }`
   */
  readonly structuredOutput?: { readonly schema: Out; readonly [option: string]: unknown };
  /** Told what the agent came to, after the step was. @default nobody is told */
  readonly onFinish?: (result: never) => unknown;
  readonly [option: string]: unknown;
}

/** What an agent gives as a step. */
export type AgentOutput<Out extends AnySchema> = AnySchema extends Out
  ? { readonly text: string }
  : OutputOf<Out>;

/** The step that an agent becomes: it takes a prompt, and gives a text or what its `structuredOutput` says. */
export type AgentStep<Id extends string, Out extends AnySchema> = Step<
  Id,
  { readonly prompt: string },
  AgentOutput<Out>,
  object,
  never
>;
