import type {
  ConcurrencyDefinition,
  ConditionDefinition,
  FlowEntry,
  LoopConditionDefinition,
  SleepTime,
  StepDefinition,
  WorkflowDefinition,
} from '../core/definition.ts';
import type { Graph, GraphEntry, Titled } from '../core/graph.ts';
import { limits } from '../core/limits.ts';
import { checkId, checkMetadata, describe, invalid, isObject, isStep } from './describe.ts';
import { graphStep, settledEntry } from './graph-step.ts';
import { checkNesting, commitNested, isWorkflow, workflowStep } from './nested.ts';
import { shownTime } from './sleep.ts';

/** What an author says about an entry, as it goes into a graph. */
export type EntryName = Titled;

function shownCondition(condition: ConditionDefinition | LoopConditionDefinition): string {
  return condition.shown ?? Function.prototype.toString.call(condition);
}

function shownConcurrency(concurrency: number | ConcurrencyDefinition): string {
  if (typeof concurrency === 'number') return String(concurrency);
  return concurrency.shown ?? Function.prototype.toString.call(concurrency);
}

function inputTaken(kind: string): string {
  return `A ${kind} has the id "input", under which results show the input of the run: give it another id`;
}

function sleepTaken(id: string): string {
  return `the id "${id}" of a sleep is used for another entry too: give the sleep an id that nothing else has`;
}

/** Checks what was given beside an entry. */
export function entryName(options: unknown, of: string): EntryName {
  if (options === undefined) return {};
  if (!isObject(options))
    throw invalid(`${of} was given ${describe(options)} as its options: give { id, description, metadata }`);
  const { id, description, metadata } = options;
  if (id !== undefined) checkId(id, of);
  checkMetadata(metadata, of);
  return {
    ...(id === undefined ? {} : { id }),
    ...(typeof description === 'string' ? { description } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** The entries of one workflow while it is built: its graph, its functions, and which ids are taken. */
export class Flow {
  readonly graph: GraphEntry[] = [];
  readonly entries: FlowEntry[] = [];
  readonly warnings: string[] = [];
  private readonly workflow: { readonly id: string };
  private readonly strictIds: boolean;
  private readonly byId = new Map<string, StepDefinition>();
  private readonly sleeps = new Set<string>();
  /** How many ids were made of each kind. */
  private readonly made = { mapping: 0, sleep: 0 };

  constructor(workflow: { readonly id: string }, strictIds: boolean) {
    this.workflow = workflow;
    this.strictIds = strictIds;
  }

  /** Every step by its id, with those that stand for mappings and sleeps. */
  get steps(): Readonly<Record<string, StepDefinition>> {
    const all = this.entries.flatMap((entry): StepDefinition[] => {
      if ('steps' in entry) return [...entry.steps];
      return 'step' in entry ? [entry.step] : [{ id: entry.id, execute: ({ inputData }) => inputData }];
    });
    return Object.fromEntries(all.map((step) => [step.id, step]));
  }

  /** Takes over the entries of another workflow, under their ids. */
  copy(source: WorkflowDefinition): void {
    this.graph.push(...source.graph);
    this.entries.push(...source.flow);
    this.warnings.push(...(source.warnings ?? []));
  }

  /** Checks that the call named `method` was given a step, or a workflow, which becomes one. */
  stepGiven(value: unknown, method: string): StepDefinition {
    if (isWorkflow(value)) {
      checkNesting(this.workflow, value);
      return workflowStep(value);
    }
    if (isStep(value)) {
      checkId(value.id, `${method} of workflow "${this.workflow.id}" was given a step that`);
      return value;
    }
    const hint =
      typeof value === 'function'
        ? '. If a promise called this, a workflow was awaited or returned from an async function: wrap it in an object'
        : '';
    throw this.refused(
      `${method} was given ${describe(value)}: it expects a step made by createStep, or a workflow${hint}`,
    );
  }

  /** Checks the arms of a block: 1 to {@link limits.arms} of them, each under its own id. */
  armsGiven<Arm>(
    value: unknown,
    method: string,
    read: (arm: unknown) => Arm,
    idOf: (arm: Arm) => string,
  ): Arm[] {
    if (!Array.isArray(value) || value.length === 0) {
      const given = Array.isArray(value) ? 'an empty array' : describe(value);
      throw this.refused(`${method} was given ${given}: it expects an array with at least one arm`);
    }
    if (value.length > limits.arms) {
      throw this.refused(`${method} was given ${value.length} arms: at most ${limits.arms} are possible`);
    }
    const arms = value.map(read);
    const ids = arms.map(idOf);
    const twice = ids.find((id, place) => ids.indexOf(id) !== place);
    if (twice === undefined) return arms;
    throw this.refused(
      `${method} has two arms with the step id "${twice}", whose outputs would overwrite each other: give each its own id`,
    );
  }

  /** Id of the next entry of this kind without one: the same in every process that builds this workflow. */
  nextId(kind: 'mapping' | 'sleep'): string {
    for (;;) {
      const id = `${kind}_${this.workflow.id}_${this.made[kind]}`;
      this.made[kind] += 1;
      if (!this.byId.has(id) && !this.sleeps.has(id)) return id;
    }
  }

  /** Adds a single step. */
  addStep(step: StepDefinition): void {
    this.add({ type: 'step', ...graphStep(step) }, { type: 'step', step });
  }

  /** Adds a mapping. */
  addMapping(step: StepDefinition, mapConfig: string): void {
    const { id, description, metadata } = step;
    const shown = {
      ...(description === undefined ? {} : { description }),
      ...(metadata === undefined ? {} : { metadata }),
    };
    this.add({ type: 'mapping', id, mapConfig, ...shown }, { type: 'mapping', step });
  }

  /** Adds steps that run together. */
  addParallel(steps: readonly StepDefinition[], name: EntryName): void {
    this.add({ type: 'parallel', arms: steps.map(graphStep), ...name }, { type: 'parallel', steps });
  }

  /** Adds steps with conditions. */
  addConditional(entry: Extract<FlowEntry, { type: 'conditional' }>, name: EntryName): void {
    const conditions = entry.conditions.map(shownCondition);
    this.add({ type: 'conditional', arms: entry.steps.map(graphStep), conditions, ...name }, entry);
  }

  /** Adds a step that is repeated. */
  addLoop(entry: Extract<FlowEntry, { type: 'loop' }>, name: EntryName): void {
    const { type, loopType } = entry;
    const condition = shownCondition(entry.condition);
    this.add({ type, loopType, step: graphStep(entry.step), condition, ...name }, entry);
  }

  /** Adds a step that is executed for each element of an array. */
  addForeach(entry: Extract<FlowEntry, { type: 'foreach' }>, name: EntryName): void {
    const concurrency = shownConcurrency(entry.concurrency);
    this.add({ type: 'foreach', step: graphStep(entry.step), concurrency, ...name }, entry);
  }

  /** Adds a sleep. Its id is nobody else's: a step of it would take the sleep's result away. */
  addSleep(time: SleepTime, name: EntryName & { readonly id: string }): void {
    const { id } = name;
    this.add({ type: time.type, time: shownTime(time), ...name }, { type: 'sleep', id, time });
  }

  /** Makes what was built unchangeable, and the workflows in it as well. */
  freeze(): void {
    if (Object.isFrozen(this.graph)) return;
    commitNested({ id: this.workflow.id, flow: this.entries });
    for (const [index, entry] of this.graph.entries()) this.graph[index] = settledEntry(entry);
    Object.freeze(this.graph satisfies Graph);
    Object.freeze(this.entries);
    Object.freeze(this.warnings);
  }

  private add(graphEntry: GraphEntry, entry: FlowEntry): void {
    if (this.graph.length >= limits.entries) {
      throw this.refused(`it has ${limits.entries} entries already: no more are possible`);
    }
    if (entry.type === 'sleep') this.noteSleep(entry.id);
    else for (const step of 'step' in entry ? [entry.step] : entry.steps) this.note(step);
    this.graph.push(graphEntry);
    this.entries.push(entry);
  }

  /** The same step may come again; another one under its id is probably not meant. */
  private note(step: StepDefinition): void {
    if (this.sleeps.has(step.id)) throw this.refused(sleepTaken(step.id));
    const known = this.byId.get(step.id);
    if (known === undefined && step.id === 'input') this.warn(inputTaken('step'));
    if (known !== undefined && known !== step) {
      const problem = `Two different steps have the id "${step.id}", so the later result overwrites the earlier one: give each its own id`;
      if (this.strictIds) throw this.refused(problem);
      this.warn(problem);
    }
    this.byId.set(step.id, step);
  }

  private noteSleep(id: string): void {
    if (this.sleeps.has(id) || this.byId.has(id)) throw this.refused(sleepTaken(id));
    if (id === 'input') this.warn(inputTaken('sleep'));
    this.sleeps.add(id);
  }

  private warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  private refused(problem: string): Error {
    return invalid(`Workflow "${this.workflow.id}": ${problem}`, { workflowId: this.workflow.id });
  }
}
