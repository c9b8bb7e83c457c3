import { type Graph, graphSteps } from '../core/graph.ts';
import type { RunEvent } from '../core/snapshot.ts';
import { textOfChunk } from './agent-chunks.ts';
import { type LegacyChunk, legacyForm } from './stream-forms.ts';

/** Names of the agents in a graph and in those nested in it, by the id that events show for their steps. */
function agentsIn(graph: Graph, prefix = ''): [string, string][] {
  return graph.flatMap(graphSteps).flatMap(({ id, component, executes, nested }): [string, string][] => {
    if (nested !== undefined) return agentsIn(nested.graph, `${prefix}${id}.`);
    return component === 'AGENT' ? [[`${prefix}${id}`, executes ?? id]] : [];
  });
}

/**
 * Tells of the steps of a run that are agents as streams of the legacy form do: as calls of a tool whose arguments stream
 * in. Of an answer's chunks only the text is told.
 */
export class AgentCalls {
  private readonly names: ReadonlyMap<string, string>;
  private readonly inputs = new Map<string, unknown>();

  constructor(graph: Graph) {
    this.names = new Map(agentsIn(graph));
  }

  /** The legacy form of an event. */
  form(event: RunEvent): LegacyChunk[] {
    const { id, stepName = id } = event.payload;
    const step = typeof stepName === 'string' ? stepName : '';
    const name = this.names.get(step);
    if (name === undefined) return legacyForm(event);
    const call = (type: string, more: object = {}): LegacyChunk => ({
      type,
      name,
      args: this.inputs.get(step),
      ...more,
    });
    switch (event.type) {
      case 'workflow-step-start':
        this.inputs.set(step, event.payload['payload']);
        return [...legacyForm(event), call('tool-call-streaming-start')];
      case 'workflow-step-output': {
        const argsTextDelta = textOfChunk(event.payload['output']);
        return argsTextDelta === '' ? [] : [call('tool-call-delta', { argsTextDelta })];
      }
      case 'workflow-step-result':
        if (event.payload['status'] !== 'success') return legacyForm(event);
        return [call('tool-call-streaming-finish'), ...legacyForm(event)];
      default:
        return legacyForm(event);
    }
  }
}
