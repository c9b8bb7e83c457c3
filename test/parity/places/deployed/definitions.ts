import type { FlowEntry, StepDefinition, WorkflowDefinition } from '../../../../src/core/definition.ts';
import { bindWorkflows } from '../../../../src/core/host.ts';
import type { Backend } from '../../../../src/ports/index.ts';
import type { Runtime, RuntimeOptions } from '../../../../src/runtime/index.ts';
import type { Place } from '../../../runtime/places.ts';
import { noted } from '../caller/noted-tests.ts';
import { DEPLOYED_PLACE } from '../names.ts';
import { chosenIn, prefixOf } from './choice.ts';

/**
 * What a function of the stack has of the tests: the workflows of those that were chosen. `bundle.ts` puts this in the place
 * of `places/index.ts`, so that the files of the tests find it.
 */

/** How many turns of the event loop a test may take until its first host is there. */
const patience = 200;

let defined: WorkflowDefinition[] = [];

/** Takes the workflows. The test gets what never answers, so it goes no further than to its first call. */
function definingOnly({ workflows }: RuntimeOptions): Runtime {
  defined.push(...workflows);
  const runtime = new Proxy({ workflows } as unknown as Runtime, {
    get: (target, name) => (name === 'workflows' ? target[name] : () => new Promise(() => {})),
  });
  bindWorkflows(workflows, runtime);
  return runtime;
}

/** Nothing is kept there: a test that is loaded by a function executes nothing itself. */
const nowhere = {} as Backend;

export const places: readonly Place[] = [
  {
    name: DEPLOYED_PLACE,
    open(clock) {
      if (clock !== undefined) throw new Error('Time of a stack is real: this test cannot be chosen.');
      return {
        backend: nowhere,
        another: () => nowhere,
        remove: () => {},
        createRuntime: definingOnly,
      };
    },
  },
];

/** The workflows of all chosen tests of the files, each under an id of its own. Rejects when a test is not there. */
export async function definitionsOf(
  files: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<readonly WorkflowDefinition[]> {
  const all: WorkflowDefinition[] = [];
  for (const [file, load] of Object.entries(files)) {
    noted.length = 0;
    await load();
    const tests = [...noted];
    const names = new Set(tests.map(({ name }) => name));
    const absent = chosenIn(file).find((name) => !names.has(name));
    if (absent !== undefined) throw new Error(`${file} has no test "${absent}", which was chosen.`);
    for (const [number, { name, run }] of tests.entries()) {
      if (!chosenIn(file).includes(name)) continue;
      const workflows = await workflowsOf(run);
      if (workflows.length === 0)
        throw new Error(`The test "${name}" of ${file} has registered no workflow.`);
      const prefix = prefixOf(file, number);
      const known = new Map<WorkflowDefinition, WorkflowDefinition>();
      all.push(...workflows.map((workflow) => underPrefix(workflow, prefix, known)));
    }
  }
  return all;
}

async function workflowsOf(run: () => unknown): Promise<readonly WorkflowDefinition[]> {
  defined = [];
  // What it does after its hosts are made is of no interest, and waits for an answer that does not come.
  const failed = Promise.resolve()
    .then(run)
    .then(() => {});
  for (let turn = 0; defined.length === 0 && turn < patience; turn += 1) {
    await Promise.race([failed, new Promise((resolve) => setImmediate(resolve))]);
  }
  failed.catch(() => {});
  return [...new Set(defined)];
}

/** The same workflow under another id, and so those nested in it. Their steps keep their ids, by which results name them. */
function underPrefix(
  workflow: WorkflowDefinition,
  prefix: string,
  known: Map<WorkflowDefinition, WorkflowDefinition>,
): WorkflowDefinition {
  const before = known.get(workflow);
  if (before !== undefined) return before;
  if (!workflow.committed) workflow.commit?.();
  const stepUnder = (step: StepDefinition): StepDefinition =>
    step.workflow === undefined ? step : { ...step, workflow: underPrefix(step.workflow, prefix, known) };
  const own: Partial<WorkflowDefinition> = {
    id: `${prefix}${workflow.id}`,
    flow: workflow.flow.map((entry): FlowEntry => {
      if ('steps' in entry) return { ...entry, steps: entry.steps.map(stepUnder) };
      return 'step' in entry ? { ...entry, step: stepUnder(entry.step) } : entry;
    }),
  };
  const renamed = new Proxy(workflow, {
    get: (target, name) => Reflect.get(name in own ? own : target, name),
  });
  known.set(workflow, renamed);
  return renamed;
}
