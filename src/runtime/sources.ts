import type { FlowEntry, StepDefinition, StepSources } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';

/** Agents or tools of a runtime, each under the id that steps name it by. */
export type Named = Readonly<Record<string, object>>;

/** Looks agents and tools up: by the name that the runtime was given for them, else by their own `id`. */
export function sourcesOf(agents: Named = {}, tools: Named = {}): StepSources {
  const find = (named: Named, id: string): unknown =>
    Object.hasOwn(named, id)
      ? named[id]
      : Object.values(named).find((candidate) => 'id' in candidate && candidate.id === id);
  return { agent: (id) => find(agents, id), tool: (id) => find(tools, id) };
}

/** What a body asks the runtime for by its id. Throws WORKFLOW_AGENT_NOT_FOUND or WORKFLOW_TOOL_NOT_FOUND. */
export function sourceFor(sources: StepSources, kind: keyof StepSources, id: string): unknown {
  const found = sources[kind](id);
  if (found !== undefined) return found;
  const [title, code] =
    kind === 'agent'
      ? (['Agent', 'WORKFLOW_AGENT_NOT_FOUND'] as const)
      : (['Tool', 'WORKFLOW_TOOL_NOT_FOUND'] as const);
  throw new WorkflowError(
    code,
    `${title} '${id}' not found. Give it to createRuntime({ ${kind}s: { ... } })`,
    {
      details: { [kind]: id },
    },
  );
}

/** A flow with the steps that its entries name by ids of agents and tools, as far as they are known. */
export function resolvedFlow(flow: readonly FlowEntry[], sources: StepSources): readonly FlowEntry[] {
  const resolved = (step: StepDefinition): StepDefinition => step.resolve?.(sources) ?? step;
  return flow.map((entry) => {
    if ('steps' in entry) return { ...entry, steps: entry.steps.map(resolved) };
    return 'step' in entry ? { ...entry, step: resolved(entry.step) } : entry;
  });
}
