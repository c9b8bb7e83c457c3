import type { RetryConfig, StepDefinition } from '../core/definition.ts';
import { type ErrorCode, WorkflowError } from '../core/errors.ts';
import { agentStep, isAgent, optionsGiven } from './agent-step.ts';
import { checkId, describe, invalid, isObject } from './describe.ts';
import { toolStep } from './tool-step.ts';

/** A step that stands for an agent or a tool by its id: what is executed is known to the runtime only. */
interface Named {
  readonly component: 'AGENT' | 'TOOL';
  readonly code: ErrorCode;
  readonly option: 'agents' | 'tools';
  readonly method: string;
}

const named = {
  agent: { component: 'AGENT', code: 'WORKFLOW_AGENT_NOT_FOUND', option: 'agents', method: '.agent()' },
  tool: { component: 'TOOL', code: 'WORKFLOW_TOOL_NOT_FOUND', option: 'tools', method: '.tool()' },
} as const satisfies Record<string, Named>;

function make(
  kind: keyof typeof named,
  value: unknown,
  options: unknown,
  id: string | undefined,
): StepDefinition {
  const name = id === undefined ? {} : { id };
  return kind === 'tool' ? toolStep(value, options, name) : agentStep(value as object, options, name);
}

/** Id that an agent or a tool says it has. */
function ownId(value: unknown): unknown {
  return isObject(value) ? (value['id'] ?? value['name']) : undefined;
}

/**
 * The step of `.agent` or `.tool`. Of an id it is one that the runtime resolves when it executes it. Throws
 * WORKFLOW_DEFINITION_INVALID.
 */
export function declaredStep(
  kind: keyof typeof named,
  value: unknown,
  options: unknown,
  id: string | undefined,
  workflowId: string,
): StepDefinition {
  const { component, code, option, method } = named[kind];
  const of = `Workflow "${workflowId}": ${method}`;
  if (typeof value !== 'string') {
    if (kind === 'agent' && !isAgent(value)) {
      throw invalid(`${of} was given ${describe(value)}: give an agent with stream or generate, or its id`);
    }
    const step = make(kind, value, options, id);
    const executes = ownId(value);
    return Object.freeze({ ...step, executes: typeof executes === 'string' ? executes : step.id });
  }
  checkId(value, of);
  const stepId = id ?? value;
  const { retries, retryConfig, timeoutMs, metadata } = optionsGiven(options, of);
  const title = kind === 'agent' ? 'Agent' : 'Tool';
  return Object.freeze<StepDefinition>({
    id: stepId,
    retries: retries as number | undefined,
    retryConfig: retryConfig as RetryConfig | undefined,
    timeoutMs: timeoutMs as number | undefined,
    metadata: metadata as Readonly<Record<string, unknown>> | undefined,
    component,
    executes: value,
    reads: { steps: [], init: false },
    resolve: (sources) => {
      const found = sources[kind](value);
      return found === undefined ? undefined : make(kind, found, options, stepId);
    },
    execute: () => {
      throw new WorkflowError(
        code,
        `${title} '${value}' not found for workflow step '${stepId}'. Give it to the runtime: createRuntime({ ${option}: { ... } })`,
        { details: { stepId, workflowId } },
      );
    },
  });
}
