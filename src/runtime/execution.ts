import { encode } from '../core/codec.ts';
import { errorOf } from '../core/codec-error.ts';
import { isWorkflowError, WorkflowError } from '../core/errors.ts';
import {
  formatKey,
  isEntryKey,
  type MemberDelta,
  type RestartContext,
  type SharedData,
  type StepRecord,
  type StoredValue,
} from '../core/records.ts';
import { RequestContext } from '../core/request-context.ts';
import { applyDelta, deltaOf, restartsAfter, withChange, withRestarts } from '../core/shared-data.ts';
import { tripwireOf } from '../core/tripwire.ts';
import { parseTurn } from '../core/turn.ts';
import type { CommitOutcome, OutcomeBase } from '../ports/index.ts';
import type { StepHandling } from './handling.ts';
import { keepLease } from './lease.ts';
import { chunkWriter } from './chunks.ts';
import { withCell } from './cell.ts';
import { inputAt, inputValue, type Loaded, loadShared, sharedAt, sourceOf, stepResultsOf } from './load.ts';
import { askLoop } from './loop.ts';
import { nextAttempt } from './next-attempt.ts';
import { loopAt, readsAt } from './registry.ts';
import { restartsOf } from './restart-context.ts';
import { takeKeys } from './resume-keys.ts';
import { executeStep, type StepExecution, type StepOutcome } from './step-executor.ts';
import { timeLimit } from './time-limit.ts';
import { isUnstorable, sha256 } from './values.ts';

/** Executes the body of a claimed turn and turns what came of it into what is to be stored. */
export async function runBody(
  handling: StepHandling,
  loaded: Loaded,
  claimed: StepRecord,
): Promise<CommitOutcome> {
  const { engine, runId, turn, owner, key } = handling;
  const abortController = new AbortController();
  const forget = engine.aborts.add(runId, abortController);
  const release = keepLease(engine, { runId, key, turn, owner }, abortController);
  try {
    const execution = await prepare(handling, loaded, claimed, abortController);
    const outcome = await executeStep(execution.params);
    const verdict = await afterIteration(handling, execution, outcome);
    return await toCommit(handling, loaded, execution, verdict);
  } finally {
    release();
    forget();
  }
}

interface Prepared {
  readonly params: StepExecution;
  /** State and request context before the body, without what a resume brought along. */
  readonly base: SharedData;
  /** What restarts have brought into it, and records before this one do not hold. */
  readonly brought: readonly RestartContext[];
  /** What earlier generations of this member changed already. */
  readonly earlier: MemberDelta;
  readonly contextBefore: ReadonlyMap<string, string>;
}

function encodeEntries(context: Iterable<readonly [string, unknown]>): Map<string, string> {
  return new Map([...context].map(([key, value]) => [key, encode(value, { name: `requestContext.${key}` })]));
}

async function prepare(
  handling: StepHandling,
  loaded: Loaded,
  claimed: StepRecord,
  abortController: AbortController,
): Promise<Prepared> {
  const { engine, workflow, runId, key, step, turn } = handling;
  const { values } = engine;
  const optional = async (stored: StoredValue | undefined): Promise<unknown> =>
    stored === undefined ? undefined : values.load(runId, stored);
  const { generation, attempt, epoch, iteration } = parseTurn(turn);
  const reads = readsAt(workflow, key, step);
  const from = generation + attempt === 0 ? sharedAt(loaded, handling) : claimed.sharedFrom;
  const own = from === key.entry ? { ...loaded, records: [...loaded.records, claimed] } : loaded;
  const shared = await loadShared(engine, runId, from, own);
  const earlier = ((await optional(claimed.delta)) ?? []) as MemberDelta;
  const found = await baseOf(handling, claimed, shared.data);
  const brought = restartsAfter(await restartsOf(engine, loaded.header), found);
  const base = withRestarts(found, brought);
  const resumedWith = (await optional(claimed.resumeContext)) as Record<string, unknown> | undefined;
  const params: StepExecution = {
    step,
    runId,
    workflowId: workflow.definition.id,
    resourceId: loaded.header?.resourceId,
    stepResults: await stepResultsOf(engine, { runId, graph: workflow.graph }, loaded, reads),
    state: base.state,
    emitter: engine.emitter,
    runtime: engine.stepRuntime,
    writeChunk: chunkWriter(handling),
    requestContext: new RequestContext({ ...base.requestContext, ...resumedWith }),
    input: await inputValue(engine, handling, loaded),
    resumeData: await optional(claimed.resumeData),
    suspendData: await optional(claimed.suspendPayload),
    retryCount: attempt,
    idempotencyKey: `${runId}/${formatKey(key)}/${epoch}.${iteration}.${generation}`,
    validateInputs: workflow.definition.validateInputs,
    abortController,
    clock: engine.backend.clock,
    limit: timeLimit(step, handling.time, engine.backend.clock.now()),
    perStep: false,
  };
  const contextBefore = encodeEntries(Object.entries(base.requestContext));
  return { params, base, brought, earlier, contextBefore };
}

/**
 * State and request context at the start of an execution. An item sees what those before it changed, and a resumed member, by
 * whichever event it runs, what itself and others have changed.
 */
async function baseOf(
  { engine, runId, key, epoch, turn }: StepHandling,
  claimed: StepRecord,
  shared: SharedData,
): Promise<SharedData> {
  const isResumed = !isEntryKey(key) && parseTurn(turn).generation > 0;
  if (claimed.seesCell !== true && !isResumed) return shared;
  return withCell(engine, { runId, entry: key.entry, epoch }, shared);
}

/** What is to be stored of an execution: its outcome, and what the condition of its loop says. */
interface Verdict {
  readonly outcome: StepOutcome;
  /** Another iteration follows. */
  readonly again: boolean;
  /** The failure is not the body's, so no attempt of it can help, and what the body has changed counts. */
  readonly final?: { readonly state: Readonly<Record<string, unknown>> | undefined };
}

/** Asks the condition of a loop after its body; a step that is in no loop is through with itself. */
async function afterIteration(
  handling: StepHandling,
  { params, base }: Prepared,
  outcome: StepOutcome,
): Promise<Verdict> {
  const loop = loopAt(handling.workflow, handling.key);
  const ends = outcome.type !== 'success' || outcome.bailed || outcome.aborted;
  if (loop === undefined || ends) return { outcome, again: false };
  const execution = { ...params, input: outcome.output, state: { ...base.state, ...outcome.state } };
  try {
    const again = await askLoop(handling, loop, handling, execution);
    return { outcome, again };
  } catch (thrown) {
    const error = errorOf(thrown);
    return {
      outcome: { type: 'failed', input: outcome.input, error, nonRetryable: false },
      again: false,
      final: { state: outcome.state },
    };
  }
}

async function toCommit(
  handling: StepHandling,
  loaded: Loaded,
  prepared: Prepared,
  verdict: Verdict,
): Promise<CommitOutcome> {
  try {
    return await storeOutcome(handling, loaded, prepared, verdict);
  } catch (thrown) {
    // A value that cannot be stored, or a key that is taken, is the step's own failure; a place that fails is nobody's, and the
    // event comes again.
    const error = errorOf(thrown);
    if (!isUnstorable(error) && !isWorkflowError(error, 'WORKFLOW_RESUME_KEY_TAKEN')) throw thrown;
    const outcome = { type: 'failed', input: prepared.params.input, error, nonRetryable: false } as const;
    return storeOutcome(handling, loaded, prepared, { outcome, again: false });
  }
}

async function storeOutcome(
  handling: StepHandling,
  loaded: Loaded,
  prepared: Prepared,
  { outcome, again, final }: Verdict,
): Promise<CommitOutcome> {
  const { engine, runId, step } = handling;
  const now = engine.backend.clock.now();
  const source = sourceOf(handling);
  const came = inputAt(loaded, source);
  const input =
    handling.key.item === undefined
      ? ((await changedInput(handling, came, outcome.input, prepared.params.input)) ??
        // The output of a loop's iteration takes the place of its input.
        (source === handling.key.entry ? came : undefined))
      : await bailedInput(handling, outcome);
  const fromSegment = loaded.join?.newestSegment ?? 0;
  const common = {
    now,
    ...(input === undefined ? {} : { input }),
    ...(fromSegment === 0 ? {} : { fromSegment }),
  };
  if (outcome.type === 'failed') {
    const changed = final === undefined ? {} : await sharedChange(handling, prepared, final.state);
    return failure(handling, outcome.error, {
      nonRetryable: outcome.nonRetryable,
      final: final !== undefined,
      common: { ...common, ...changed },
    });
  }
  const shared = await sharedChange(handling, prepared, outcome.state);
  const name = `output of step "${step.id}"`;
  if (outcome.type === 'success') {
    const output = await engine.values.store(runId, outcome.output, name);
    return {
      ...common,
      ...shared,
      status: 'success',
      output,
      ...(outcome.bailed ? { bailed: true } : {}),
      ...(outcome.aborted ? { aborted: true } : {}),
      ...(again ? { again } : {}),
    };
  }
  const optional = async (value: unknown, what: string): Promise<StoredValue | undefined> =>
    value === undefined ? undefined : engine.values.store(runId, value, what);
  const suspendPayload = await optional(outcome.payload, `suspend payload of step "${step.id}"`);
  const suspendOutput = await optional(outcome.output, name);
  const { labels, resumeKeys } = outcome;
  // As the last thing before the suspension itself: whoever finds a key taken may rely on it that somebody comes to wait under it.
  if (resumeKeys !== undefined) await takeKeys(handling, resumeKeys);
  return {
    ...common,
    ...shared,
    status: 'suspended',
    labels,
    ...(resumeKeys === undefined ? {} : { resumeKeys }),
    ...(suspendPayload === undefined ? {} : { suspendPayload }),
    ...(suspendOutput === undefined ? {} : { suspendOutput }),
  };
}

/** The element that an item got, only when the item ends the run: the foreach shows it then. */
async function bailedInput(
  { engine, runId, step }: StepHandling,
  outcome: StepOutcome,
): Promise<StoredValue | undefined> {
  if (outcome.type !== 'success' || !outcome.bailed) return undefined;
  return engine.values.store(runId, outcome.input, `input of step "${step.id}"`);
}

/** The validated input in stored form, only when validation made it another one than the entry before put out. */
async function changedInput(
  handling: StepHandling,
  stored: StoredValue | undefined,
  validated: unknown,
  raw: unknown,
): Promise<StoredValue | undefined> {
  if (validated === raw || stored === undefined) return undefined;
  const { values } = handling.engine;
  const name = `input of step "${handling.step.id}"`;
  const text = values.encode(validated, name);
  const same = 'inline' in stored ? stored.inline === text : stored.ref === sha256(text);
  if (same) return undefined;
  // Schemas often give the keys back in their own order: that alone is no other input.
  const reordered = 'inline' in stored ? stored.inline.length === text.length : true;
  if (reordered && encode(validated, { canonical: true }) === encode(raw, { canonical: true }))
    return undefined;
  return values.place(handling.runId, text);
}

/** What the body changed of state and request context, as its kind of record keeps it. */
async function sharedChange(
  handling: StepHandling,
  prepared: Prepared,
  state: Readonly<Record<string, unknown>> | undefined,
): Promise<{ delta?: StoredValue; shared?: StoredValue; sharedFrom?: number }> {
  const { engine, runId, key, turn } = handling;
  const context = prepared.params.requestContext;
  const after = encodeEntries(context.entries());
  const delta = deltaOf(state, prepared.contextBefore, after, context.toJSON());
  if (delta === undefined) return {};
  if (isEntryKey(key)) {
    const merged = applyDelta(prepared.base, delta);
    return { shared: await engine.values.store(runId, merged, 'state'), sharedFrom: key.entry };
  }
  const { brought, earlier } = prepared;
  const change = brought.length === 0 ? delta : { ...delta, restarts: brought };
  return { delta: await engine.values.store(runId, withChange(earlier, turn, change), 'state') };
}

async function failure(
  handling: StepHandling,
  error: Error,
  how: {
    nonRetryable: boolean;
    final: boolean;
    common: OutcomeBase;
  },
): Promise<CommitOutcome> {
  const { engine, runId, step, key, turn } = handling;
  const { nonRetryable, final, common } = how;
  const next = await nextAttempt(handling, {
    key,
    turn,
    stepId: step.id,
    isFinal: nonRetryable || final,
    now: common.now,
    error: async () => error,
  });
  const told = next.error ?? error;
  const stored = await engine.values.storeError(runId, told);
  if (next.type === 'fail') {
    return {
      ...common,
      status: 'failed',
      error: stored,
      ...(nonRetryable ? { nonRetryable } : {}),
      ...(tripwireOf(told) === undefined ? {} : { tripwire: true }),
    };
  }
  engine.backend.metrics.count('step.retried', { stepId: step.id });
  // The newest token of a retried turn is still that of its resumption: it has to be looked for where it may have been put.
  const { fromSegment: _, ...kept } = common;
  return { ...kept, status: 'due', nextTurn: next.nextTurn, dueAt: next.dueAt, error: stored };
}

/** The outcome of a turn whose workers died too often: the step fails by its own stored count of claims. */
export async function crashOutcome(handling: StepHandling, claimed: StepRecord): Promise<CommitOutcome> {
  const { engine, step, runId } = handling;
  const deaths = (claimed.claims ?? 1) - 1;
  const error = new WorkflowError(
    'WORKFLOW_STEP_CRASHED',
    `Step "${step.id}" ended its worker ${deaths} times in a row without an outcome: look for an exit, a crash or a time limit in its body`,
    { details: { stepId: step.id, runId } },
  );
  const common = { now: engine.backend.clock.now() };
  return { ...common, status: 'failed', error: await engine.values.storeError(runId, error) };
}
