import { type Graph, graphSteps } from '../core/graph.ts';
import type { RunEvent } from '../core/snapshot.ts';
import { textDelta } from './agent-chunk.ts';
import { legacyForm, type LegacyChunk } from './stream-forms.ts';

/** What an agent was asked. */
interface AgentCall {
  readonly name: string;
  readonly args: unknown;
}

/** Ids under which events name the steps that are agents: `inner.agent` for one of a nested workflow. */
function agentSteps(graph: Graph, prefix = ''): string[] {
  return graph.flatMap(graphSteps).flatMap((step) => {
    const id = `${prefix}${step.id}`;
    if (step.component === 'AGENT') return [id];
    return step.nested === undefined ? [] : agentSteps(step.nested.graph, `${id}.`);
  });
}

/**
 * Turns the events of one run into those of `streamLegacy()`. There, an agent is a call of a tool that it is the name of, with
 * its words as the arguments that stream in; its other chunks are not told.
 */
export class LegacyCalls {
  private readonly agents: ReadonlySet<string>;
  private readonly open = new Map<string, AgentCall>();

  constructor(graph: Graph) {
    this.agents = new Set(agentSteps(graph));
  }

  /** The events of a legacy stream that one event of the run stands for. */
  chunksOf(event: RunEvent): LegacyChunk[] {
    const id = event.payload['id'] ?? event.payload['stepName'];
    if (typeof id !== 'string' || !this.agents.has(id)) return legacyForm(event);
    if (event.type === 'workflow-step-start') return [...legacyForm(event), this.begin(id, event)];
    const call = this.open.get(id);
    if (call === undefined) return legacyForm(event);
    if (event.type === 'workflow-step-output') {
      const argsTextDelta = textDelta(event.payload['output']);
      return argsTextDelta === undefined ? [] : [chunk('delta', { ...call, argsTextDelta })];
    }
    if (event.type !== 'workflow-step-result') return legacyForm(event);
    this.open.delete(id);
    return [chunk('streaming-finish', call), ...legacyForm(event)];
  }

  private begin(id: string, event: RunEvent): LegacyChunk {
    const call = { name: id.slice(id.lastIndexOf('.') + 1), args: event.payload['payload'] };
    this.open.set(id, call);
    return chunk('streaming-start', call);
  }
}

function chunk(type: string, call: AgentCall & { readonly argsTextDelta?: string }): LegacyChunk {
  return { type: `tool-call-${type}`, ...call, payload: {} };
}
