import type { Act, End, StepSpec } from './spec.ts';
import { holds, seedOf, valueOf } from './values.ts';

/** What bodies use of their context. */
export interface BodyContext {
  readonly inputData: unknown;
  readonly state: Readonly<Record<string, unknown>>;
  readonly requestContext: {
    set(key: string, value: unknown): void;
    delete(key: string): boolean;
    toJSON(): Record<string, unknown>;
  };
  readonly retryCount: number;
  readonly resumeData?: unknown;
  readonly suspendData?: unknown;
  /** Another one for each suspension. */
  readonly idempotencyKey?: string;
  setState(next: unknown): Promise<void>;
  suspend(
    payload: unknown,
    options?: { readonly resumeLabel?: string; readonly resumeKey?: string },
  ): Promise<unknown>;
  bail(result: unknown): unknown;
  abort(): void;
  getInitData?(): unknown;
  getStepResult?(id: string): unknown;
}

/** Thrown by bodies whose failure is not retried. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly isNonRetryable = true;
}

/** Label of a suspension. */
export function labelOf(id: string): string {
  return `label of ${id}`;
}

/** Whether a body asks for earlier results: those are loaded before, where they are not at hand. */
export function reads(spec: StepSpec): boolean {
  return spec.acts.some(({ act, ...rest }) => act === 'result' || ('what' in rest && rest.what === 'init'));
}

/** Executes a body: a function of its spec and its context, and of nothing else. */
export async function executeBody(spec: StepSpec, context: BodyContext): Promise<unknown> {
  const seed = seedOf(spec.id, context.inputData);
  const own = `${spec.id}:${seed}`;
  const seen: Record<string, unknown> = {};
  const state: Record<string, unknown> = {};
  for (const act of spec.acts) perform(act, { context, own, seen, state });
  if (Object.keys(state).length > 0) {
    // Only the last call counts.
    if (seed % 2 === 0) await context.setState({ dropped: own });
    await context.setState(state);
  }
  const { suspend } = spec;
  if (suspend !== undefined && holds(suspend.when, seed)) {
    const last = context.suspendData as { readonly round: number } | undefined;
    const done = context.resumeData === undefined ? 0 : (last?.round ?? 0);
    if (done < suspend.rounds) {
      const payload = { round: done + 1, own };
      const { idempotencyKey } = context;
      const named = {
        resumeLabel: labelOf(spec.id),
        ...(idempotencyKey === undefined ? {} : { resumeKey: idempotencyKey }),
      };
      await context.suspend(payload, suspend.label ? named : {});
      return seed % 3 === 0 ? { waits: own } : undefined;
    }
  }
  const { resumeData } = context;
  const output = { own, seen, ...(resumeData === undefined ? {} : { resumeData }) };
  return endBody(spec.end, { context, seed, output, own });
}

function perform(
  act: Act,
  {
    context,
    own,
    seen,
    state,
  }: {
    readonly context: BodyContext;
    readonly own: string;
    readonly seen: Record<string, unknown>;
    readonly state: Record<string, unknown>;
  },
): void {
  switch (act.act) {
    case 'set':
      state[act.key] = valueOf(act.value, own);
      return;
    case 'count':
      state[act.key] = Number(context.state[act.key] ?? 0) + 1;
      return;
    case 'context':
      context.requestContext.set(act.key, valueOf(act.value, own));
      return;
    case 'delete':
      context.requestContext.delete(act.key);
      return;
    case 'result':
      seen[act.of] = seedOf(context.getStepResult?.(act.of));
      return;
    default:
      seen[act.what] = seedOf(look(act.what, context));
  }
}

function look(what: 'state' | 'context' | 'init', context: BodyContext): unknown {
  if (what === 'state') return context.state;
  return what === 'init' ? context.getInitData?.() : context.requestContext.toJSON();
}

function thrown(form: 'error' | 'type' | 'text' | 'object', own: string): unknown {
  switch (form) {
    case 'error':
      return new Error(`${own} failed`);
    case 'type':
      return new TypeError(`${own} is of no type`, { cause: 'a cause' });
    case 'text':
      return `${own} threw a text`;
    case 'object':
      return { message: `${own} threw an object`, detail: own };
  }
}

function endBody(
  end: End,
  {
    context,
    seed,
    output,
    own,
  }: {
    readonly context: BodyContext;
    readonly seed: number;
    readonly output: unknown;
    readonly own: string;
  },
): unknown {
  if ('when' in end && !holds(end.when, seed)) return output;
  switch (end.end) {
    case 'return':
      return valueOf(end.value, output);
    case 'fail':
      throw thrown(end.form, own);
    case 'failFirst':
      if (context.retryCount < end.times) throw new Error(`${own} failed at attempt ${context.retryCount}`);
      return output;
    case 'refuse':
      throw new Refusal(`${own} refuses`);
    case 'bail':
      return context.bail(valueOf(end.value, output));
    case 'abort':
      context.abort();
      return output;
  }
}
