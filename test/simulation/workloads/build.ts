import { z } from 'zod';
import type { RetryConfig, StepDefinition, WorkflowDefinition } from '../../../src/core/definition.ts';
import { createStep, createWorkflow } from '../../../src/index.ts';
import { type BodyContext, executeBody, labelOf, reads } from './body.ts';
import type { BodySpec, EntrySpec, GraphSpec, Look, RetryIf, StepSpec, WorkflowSpec } from './spec.ts';
import { elements, seedOf, valueOf } from './values.ts';

/** A suspension, as far as it decides what the step is resumed with. */
export interface SuspensionAt {
  /** Ids of steps from the outermost run. */
  readonly path: readonly string[];
}

/** What a spec says, as it is executed. */
export interface Workload {
  /** The outermost one first. */
  readonly workflows: readonly WorkflowDefinition[];
  readonly workflowId: string;
  readonly inputData: unknown;
  readonly initialState?: Readonly<Record<string, unknown>>;
  readonly requestContext?: Readonly<Record<string, unknown>>;
  /** The data that a suspended step is resumed with: never undefined, the same for all items and iterations of a place. */
  readonly resume: (suspension: SuspensionAt) => unknown;
  /** Label of what is suspended there, when it has one that nothing else has. */
  readonly label: (suspension: SuspensionAt) => string | undefined;
}

/** The methods of a workflow that is built without its types. */
interface Builder {
  then(step: unknown): Builder;
  map(config: unknown, options: { readonly id: string }): Builder;
  parallel(steps: readonly unknown[]): Builder;
  branch(arms: readonly (readonly [unknown, unknown])[]): Builder;
  dowhile(step: unknown, condition: unknown): Builder;
  dountil(step: unknown, condition: unknown): Builder;
  foreach(step: unknown, options: { readonly concurrency: unknown }): Builder;
  sleep(time: unknown, options: { readonly id: string }): Builder;
  sleepUntil(time: unknown, options: { readonly id: string }): Builder;
  commit(): Builder;
}

/** What conditions use of their context. */
interface ConditionContext extends Omit<BodyContext, 'getStepResult' | 'getInitData'> {
  getInitData(): unknown;
  getStepResult(id: string): unknown;
  readonly iterationCount?: number;
}

const any = z.any();

/** When runs of a virtual clock begin. */
const epoch = Date.UTC(2026, 0, 1);

function schemaOf({ schema, id }: StepSpec): z.ZodType {
  switch (schema) {
    case 'default':
      return any.default(`default of ${id}`);
    case 'transform':
      return any.transform((value: unknown) => ({ wrapped: value }));
    case 'nothing':
      return any.transform(() => ({}));
    case 'refusal':
      return any.refine((value: unknown) => seedOf(id, value) % 2 === 0, { message: `${id} refuses` });
    default:
      return any;
  }
}

/** Builds the workflows of a spec, each step and each workflow once. */
class Build {
  readonly workflows: WorkflowDefinition[] = [];
  private readonly bodies = new Map<string, unknown>();

  workflow(spec: WorkflowSpec): WorkflowDefinition {
    const { id, attempts, delay, backoff, retryIf, timeoutMs, limit, whenFull } = spec;
    const growing = backoff === true ? ({ backoff: 'exponential', jitter: 'full' } as const) : {};
    const place = this.workflows.length;
    const built = createWorkflow({
      id,
      inputSchema: any,
      outputSchema: any,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(limit === undefined ? {} : { concurrency: { limit, whenFull: whenFull ?? 'queue' } }),
      ...(attempts === undefined
        ? {}
        : { retryConfig: { attempts, delay: delay ?? 0, ...growing, ...askedBy(retryIf) } }),
    });
    const definition: unknown = spec.entries
      .reduce((builder, entry) => this.entry(builder, entry), built as unknown as Builder)
      .commit();
    this.workflows.splice(place, 0, definition as WorkflowDefinition);
    return definition as WorkflowDefinition;
  }

  private body(spec: BodySpec): unknown {
    const id = idOf(spec);
    const known = this.bodies.get(id);
    if (known !== undefined) return known;
    const made = spec.kind === 'step' ? stepOf(spec) : this.workflow(spec.workflow);
    this.bodies.set(id, made);
    return made;
  }

  private entry(builder: Builder, entry: EntrySpec): Builder {
    switch (entry.type) {
      case 'then':
        return builder.then(this.body(entry.body));
      case 'parallel':
        return builder.parallel(entry.arms.map((arm) => this.body(arm)));
      case 'branch':
        return builder.branch(entry.arms.map((arm) => [branchCondition(arm), this.body(arm.body)] as const));
      case 'loop':
        return builder[entry.loop](this.body(entry.body), loopCondition(entry));
      case 'foreach': {
        const { id, items, mixed, concurrency, computed, body } = entry;
        const list = itemsOf(items, mixed);
        return builder
          .map(() => list, { id: `items_${id}` })
          .foreach(this.body(body), { concurrency: computed ? () => concurrency : concurrency });
      }
      case 'map':
        return builder.map(mappingOf(entry), { id: entry.id });
      case 'sleep':
        return sleeping(builder, entry);
    }
  }
}

function idOf(spec: BodySpec): string {
  return spec.kind === 'step' ? spec.id : spec.workflow.id;
}

/** Of an error that the engine makes, only that it is none of a body is looked at: its text, which may quote one, is the engine's own. */
function askedBy(name: RetryIf | undefined): Pick<RetryConfig, 'retryIf'> {
  switch (name) {
    case undefined:
      return {};
    case 'never':
      return { retryIf: () => false };
    case 'once':
      return { retryIf: async (_, { retryCount }) => retryCount === 0 };
    case 'known':
      return { retryIf: ({ message }) => /failed at attempt \d+$/.test(message) };
    case 'throws':
      return {
        retryIf: ({ message }) => {
          throw new TypeError(message.includes('failed') ? 'it failed' : 'it did something else');
        },
      };
  }
}

function stepOf(spec: StepSpec): StepDefinition {
  const { id, retries, retryIf, timeoutMs } = spec;
  const common = {
    id,
    inputSchema: schemaOf(spec),
    outputSchema: any,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries === undefined ? {} : { retries }),
    ...(retryIf === undefined ? {} : { retryConfig: askedBy(retryIf) }),
  };
  if (reads(spec)) {
    return createStep({
      ...common,
      execute: (context) => executeBody(spec, context as unknown as BodyContext),
    });
  }
  // Written so that nothing of the run has to be loaded for it.
  return createStep({
    ...common,
    execute: ({
      inputData,
      state,
      requestContext,
      retryCount,
      resumeData,
      suspendData,
      setState,
      suspend,
      bail,
      abort,
    }) =>
      executeBody(spec, {
        inputData,
        state,
        requestContext,
        retryCount,
        resumeData,
        suspendData,
        setState,
        suspend,
        bail,
        abort,
      } as BodyContext),
  });
}

function lookedAt(what: Look, context: ConditionContext, id: string): unknown {
  switch (what) {
    case 'input':
      return context.inputData;
    case 'state':
      return context.state;
    case 'context':
      return context.requestContext.toJSON();
    case 'init':
      return context.getInitData();
    case 'result':
      return context.getStepResult(id);
  }
}

function branchCondition({ when, look, body }: Extract<EntrySpec, { type: 'branch' }>['arms'][number]) {
  return (context: ConditionContext): boolean => {
    if (when === 'throws') throw new Error('a condition that throws');
    if (when !== 'seldom') return when === 'always';
    return seedOf(idOf(body), lookedAt(look, context, idOf(body))) % 3 === 0;
  };
}

function loopCondition({ loop, times, look, throws, body }: Extract<EntrySpec, { type: 'loop' }>) {
  return (context: ConditionContext): boolean => {
    const id = idOf(body);
    const count = context.iterationCount ?? 0;
    if (throws && count >= times) throw new Error(`the condition of ${id} throws`);
    const again = count < times && seedOf(lookedAt(look, context, id), count) % 4 !== 0;
    return again === (loop === 'dowhile');
  };
}

function itemsOf(items: Extract<EntrySpec, { type: 'foreach' }>['items'], mixed: boolean): unknown {
  if (items === 'null') return null;
  if (items === 'object') return { no: 'array' };
  return items === 'text' ? 'abc' : elements(items, mixed);
}

function mappingOf({ form, of, id }: Extract<EntrySpec, { type: 'map' }>): unknown {
  switch (form) {
    case 'fn':
      return ({ inputData }: { inputData: unknown }) => ({ mapped: inputData });
    case 'value':
      return { fixed: { value: [id, 0, false], schema: any } };
    case 'init':
      return (context: ConditionContext) => ({ init: seedOf(context.getInitData()) });
    case 'step':
      return { whole: { step: of, path: '.' } };
    case 'badPath':
      return { through: { step: [of, 'nobody'], path: 'own.length.deeper.still' } };
  }
}

function sleeping(builder: Builder, { id, ms, form }: Extract<EntrySpec, { type: 'sleep' }>): Builder {
  switch (form) {
    case 'fixed':
      return builder.sleep(ms, { id });
    case 'computed':
      return builder.sleep(({ inputData }: { inputData: unknown }) => ms + (seedOf(inputData) % 1_000), {
        id,
      });
    case 'date':
      return builder.sleepUntil(new Date(epoch + ms), { id });
    case 'computedDate':
      return builder.sleepUntil(() => new Date(epoch + ms), { id });
    case 'throws':
      return builder.sleep(
        () => {
          throw new Error(`the time of ${id} throws`);
        },
        { id },
      );
  }
}

function valuesOf(names: GraphSpec['initialState']): Record<string, unknown> | undefined {
  if (names === undefined) return undefined;
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, valueOf(name, `start ${key}`)]));
}

/** Ids of steps whose suspensions have labels that only one place at a time can have: not those that a foreach repeats. */
function labelled({ entries }: WorkflowSpec): string[] {
  return entries.flatMap((entry) => {
    const bodies = entry.type === 'branch' ? entry.arms.map(({ body }) => body) : bodiesBeside(entry);
    return bodies.flatMap((body) => {
      if (body.kind === 'workflow') return labelled(body.workflow);
      return body.suspend?.label === true ? [body.id] : [];
    });
  });
}

function bodiesBeside(entry: EntrySpec): readonly BodySpec[] {
  if (entry.type === 'parallel') return entry.arms;
  return entry.type === 'then' || entry.type === 'loop' ? [entry.body] : [];
}

/** Builds what a spec says. */
export function buildWorkload(spec: GraphSpec): Workload {
  const build = new Build();
  const { id: workflowId } = build.workflow(spec.root);
  const initialState = valuesOf(spec.initialState);
  const requestContext = valuesOf(spec.requestContext);
  const labels = labelled(spec.root);
  return {
    workflows: build.workflows,
    workflowId,
    inputData: valueOf(spec.input, 'start'),
    ...(initialState === undefined ? {} : { initialState }),
    ...(requestContext === undefined ? {} : { requestContext }),
    resume: ({ path }) => {
      const answers = [{ answer: path.join('.') }, 0, false, null, '', [path.at(-1)]];
      return answers[seedOf(path) % answers.length];
    },
    label: ({ path }) => {
      const id = path.at(-1) ?? '';
      return labels.filter((one) => one === id).length === 1 ? labelOf(id) : undefined;
    },
  };
}
