import type { Reads, StepContext, StepDefinition } from '../core/definition.ts';
import type { WorkflowError } from '../core/errors.ts';
import { readsOfSource, unionOfReads } from '../core/reads.ts';
import { describe, invalid, isObject } from './describe.ts';
import { valueAt } from './path.ts';
import { fillTemplate, readTemplate, type Template } from './template.ts';

/** Longest text of a mapping that a graph shows, in characters. */
const shownLength = 1000;

/** A rule of `.map`, checked. */
type Rule =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'fn'; readonly fn: (context: StepContext) => unknown }
  | { readonly kind: 'template'; readonly text: string; readonly template: Template }
  | { readonly kind: 'requestContext'; readonly key: string }
  | { readonly kind: 'steps'; readonly ids: readonly string[]; readonly path: string }
  | { readonly kind: 'init'; readonly path: string };

/** A mapping as an entry of a workflow. */
export interface MappingStep {
  readonly step: StepDefinition;
  /** What it does, for people who look at the graph. */
  readonly mapConfig: string;
}

function refuse(of: string, key: string, problem: string): WorkflowError {
  return invalid(
    `${of}: "${key}" ${problem}. A rule is { value }, { fn }, { template }, { requestContextPath }, { step, path } or { initData, path }`,
  );
}

function stepIds(step: unknown, of: string, key: string): string[] {
  const choices: unknown[] = Array.isArray(step) ? step : [step];
  if (choices.length === 0) throw refuse(of, key, 'names no step');
  return choices.map((choice) => {
    const id: unknown = isObject(choice) ? choice['id'] : choice;
    if (typeof id === 'string' && id !== '') return id;
    throw refuse(of, key, `has ${describe(choice)} as its step: give a step or its id`);
  });
}

function pathOf(rule: Record<string, unknown>, of: string, key: string): string {
  const { path } = rule;
  if (typeof path === 'string') return path;
  throw refuse(of, key, `has ${describe(path)} as its path: give a dotted path, or "." for the whole value`);
}

/** Reads one rule; where it has the keys of several kinds, the first of them counts. */
function ruleOf(rule: unknown, of: string, key: string): Rule {
  if (!isObject(rule)) throw refuse(of, key, `is ${describe(rule)}`);
  if (rule['value'] !== undefined) return { kind: 'value', value: rule['value'] };
  if (rule['fn'] !== undefined) {
    if (typeof rule['fn'] !== 'function') throw refuse(of, key, `has ${describe(rule['fn'])} as its fn`);
    return { kind: 'fn', fn: rule['fn'] as (context: StepContext) => unknown };
  }
  if (rule['template'] !== undefined) {
    const text = rule['template'];
    if (typeof text !== 'string') throw refuse(of, key, `has ${describe(text)} as its template: give a text`);
    return { kind: 'template', text, template: readTemplate(text, (problem) => refuse(of, key, problem)) };
  }
  if (rule['requestContextPath'] !== undefined) {
    const name = rule['requestContextPath'];
    if (typeof name === 'string') return { kind: 'requestContext', key: name };
    throw refuse(of, key, `has ${describe(name)} as its requestContextPath: give a key`);
  }
  if (rule['step'] !== undefined) {
    return { kind: 'steps', ids: stepIds(rule['step'], of, key), path: pathOf(rule, of, key) };
  }
  if (rule['initData'] !== undefined) return { kind: 'init', path: pathOf(rule, of, key) };
  throw refuse(of, key, `is ${describe(rule)}`);
}

function valueOfSteps(rule: { ids: readonly string[]; path: string }, context: StepContext): unknown {
  for (const id of rule.ids) {
    const output = context.getStepResult(id);
    if (output !== null) return valueAt(output, rule.path, `step ${id}`);
  }
  return valueAt(null, rule.path, `step ${rule.ids.join(', ')}`);
}

async function evaluate(rule: Rule, context: StepContext): Promise<unknown> {
  switch (rule.kind) {
    case 'value':
      return rule.value;
    case 'fn':
      return rule.fn(context);
    case 'template':
      return fillTemplate(rule.template, context);
    case 'requestContext':
      return context.requestContext.get(rule.key);
    case 'steps':
      return valueOfSteps(rule, context);
    case 'init':
      return valueAt(context.getInitData(), rule.path, 'initData');
  }
}

function sourceOf(body: unknown): string {
  return Function.prototype.toString.call(body);
}

function readsOfRule(rule: Rule): Reads {
  switch (rule.kind) {
    case 'fn':
      return readsOfSource(sourceOf(rule.fn));
    case 'template':
      return rule.template.reads;
    case 'steps':
      return { steps: rule.ids, init: false };
    default:
      return { steps: [], init: rule.kind === 'init' };
  }
}

function shownRule(rule: Rule): unknown {
  if (rule.kind === 'value') return { value: rule.value };
  if (rule.kind === 'fn') return { fn: sourceOf(rule.fn) };
  if (rule.kind === 'template') return { template: rule.text };
  if (rule.kind === 'requestContext') return { requestContextPath: rule.key };
  if (rule.kind === 'init') return { initData: true, path: rule.path };
  return { step: rule.ids.length === 1 ? rule.ids[0] : rule.ids, path: rule.path };
}

function shown(entries: readonly (readonly [string, Rule])[]): string {
  return JSON.stringify(
    Object.fromEntries(entries.map(([key, rule]) => [key, shownRule(rule)])),
    (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
  );
}

/** Makes the step of a `.map`. Its keys are computed one after the other, in the order in which they are given. */
export function mappingStep(
  config: unknown,
  of: string,
  name: Pick<StepDefinition, 'id' | 'description' | 'metadata'>,
): MappingStep {
  if (typeof config === 'function') {
    const compute = config as (context: StepContext) => unknown;
    const source = sourceOf(compute);
    return {
      step: Object.freeze({ ...name, reads: readsOfSource(source), execute: compute }),
      mapConfig: source.slice(0, shownLength),
    };
  }
  if (!isObject(config)) {
    throw invalid(
      `${of} was given ${describe(config)}: give it a function, or an object with a rule for each key`,
    );
  }
  const rules = Object.entries(config).map(([key, rule]) => [key, ruleOf(rule, of, key)] as const);
  const execute = async (context: StepContext): Promise<Record<string, unknown>> => {
    const pairs: [string, unknown][] = [];
    for (const [key, rule] of rules) pairs.push([key, await evaluate(rule, context)]);
    return Object.fromEntries(pairs);
  };
  return {
    step: Object.freeze({
      ...name,
      reads: unionOfReads(rules.map(([, rule]) => readsOfRule(rule))),
      execute,
    }),
    mapConfig: shown(rules).slice(0, shownLength),
  };
}

/** Returns its argument: a rule of `.map` that is defined apart keeps the type of its path. */
export function mapVariable<const Of extends { readonly path: string }>(rule: Of): Of {
  return rule;
}
