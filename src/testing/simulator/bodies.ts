import type { StepContext, WorkflowDefinition } from '../../core/definition.ts';
import { instrumented } from './instrument.ts';
import type { SimulatedProcess, World } from './process.ts';

/** The logger of a process's runtime: by it a body finds the process that executes it. */
export interface ProcessLogger {
  warn(message: string, attributes: Readonly<Record<string, unknown>>): void;
  readonly process: SimulatedProcess;
}

/** Executes the bodies: each is a point of its process, which can die in it, and is counted. */
export class Bodies {
  /** Executions by run, place, epoch, iteration, resumption and attempt. */
  readonly executions = new Map<string, number>();
  total = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** The same workflows, whose bodies are executed here. */
  instrument(workflows: readonly WorkflowDefinition[]): WorkflowDefinition[] {
    const known = new Map<WorkflowDefinition, WorkflowDefinition>();
    const around = (context: StepContext, run: () => unknown): Promise<unknown> =>
      this.#execute(context, run);
    return workflows.map((workflow) => instrumented(workflow, around, known));
  }

  async #execute(context: StepContext, run: () => unknown): Promise<unknown> {
    const { process } = context.runtime.logger as ProcessLogger;
    await process.point('body');
    const key = `${context.idempotencyKey}/${context.retryCount}`;
    this.executions.set(key, (this.executions.get(key) ?? 0) + 1);
    this.total += 1;
    this.#world.scheduler.note(`${context.stepId} ${key}`);
    await process.mayDie('crash-in-step');
    return run();
  }
}
