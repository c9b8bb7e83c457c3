import { onTestFinished } from 'vitest';
import { memoryBackend } from '../../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../../src/core/definition.ts';
import { WorkflowError } from '../../../src/core/errors.ts';
import type { Backend } from '../../../src/ports/index.ts';
import type { OpenPlace } from '../../runtime/places.ts';
import { createRuntime, type Logger, type Runtime } from '../../../src/runtime/index.ts';

/** What tests provoke need not be told. */
const quiet: Logger = { warn: () => {} };

/** What the host of the reference is made of, as far as workflows are concerned. */
export interface HostOptions<
  Workflows extends Readonly<Record<string, WorkflowDefinition>>,
  Agents extends Readonly<Record<string, object>>,
> {
  /** Workflows by the names under which {@link Host.getWorkflow} finds them. */
  readonly workflows?: Workflows;
  readonly agents?: Agents;
  /** Where runs are kept. @default memory */
  readonly storage?: Backend & Pick<OpenPlace, 'createRuntime'>;
  /** Whether this process executes steps. @default true */
  readonly work?: boolean;
  /** @default silence */
  readonly logger?: Logger;
}

/**
 * The object that a program of the reference makes of all its workflows and its storage; here it is a runtime. It ends with
 * the test that makes it.
 */
export class Host<
  Workflows extends Readonly<Record<string, WorkflowDefinition>> = Readonly<Record<string, never>>,
  Agents extends Readonly<Record<string, object>> = Readonly<Record<string, never>>,
> {
  readonly runtime: Runtime;
  private readonly workflows: Workflows;
  private readonly agents: Agents;

  constructor(options: HostOptions<Workflows, Agents> = {}) {
    this.workflows = options.workflows ?? ({} as Workflows);
    this.agents = options.agents ?? ({} as Agents);
    const storage = options.storage ?? memoryBackend();
    const create = 'createRuntime' in storage ? (storage.createRuntime ?? createRuntime) : createRuntime;
    this.runtime = create({
      workflows: Object.values(this.workflows),
      agents: this.agents,
      backend: storage,
      logger: options.logger ?? quiet,
      work: options.work ?? true,
    });
    onTestFinished(() => this.shutdown());
  }

  /** A workflow by the name that it was registered under, or by its id. */
  getWorkflow<Name extends keyof Workflows & string>(name: Name): Workflows[Name];
  getWorkflow(name: string): WorkflowDefinition;
  getWorkflow(name: string): WorkflowDefinition {
    const found =
      this.workflows[name] ?? Object.values(this.workflows).find((workflow) => workflow.id === name);
    if (found !== undefined) return found;
    throw new WorkflowError('WORKFLOW_NOT_FOUND', `No workflow was registered as "${name}"`);
  }

  /** An agent by the name that it was registered under. */
  getAgent<Name extends keyof Agents & string>(name: Name): Agents[Name] {
    return this.agents[name];
  }

  /** Stops taking work, and closes the storage. */
  shutdown(): Promise<void> {
    return this.runtime.close();
  }
}
