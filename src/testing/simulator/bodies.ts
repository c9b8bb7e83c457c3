import type { StepContext, WorkflowDefinition } from '../../core/definition.ts';
import { instrumented } from './instrument.ts';
import type { SimulatedProcess, World } from './process.ts';

/** The logger of a process's runtime: by it a body finds the process that executes it. */
export interface ProcessLogger {
  warn(message: string, attributes: Readonly<Record<string, unknown>>): void;
  readonly process: SimulatedProcess;
}

/** The executions of one body in one turn. */
export interface BodyExecutions {
  readonly stepId: string;
  /** Resumptions before it. */
  readonly generation: number;
  /** Failed attempts of this generation before it. */
  readonly attempt: number;
  times: number;
}

/** Executes the bodies: each is a point of its process, which can die in it, and is counted. */
export class Bodies {
  /** By run, place, epoch, iteration, resumption and attempt. */
  readonly executions = new Map<string, BodyExecutions>();
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
    this.#world.faults.nextCall();
    this.#world.calls.push('body');
    const { idempotencyKey, stepId, retryCount: attempt } = context;
    const key = `${idempotencyKey}/${attempt}`;
    // The key ends in `epoch.iteration.generation`.
    const generation = Number(idempotencyKey.slice(idempotencyKey.lastIndexOf('.') + 1));
    const known = this.executions.get(key) ?? { stepId, generation, attempt, times: 0 };
    this.executions.set(key, known);
    known.times += 1;
    this.total += 1;
    this.#world.scheduler.note(`${stepId} ${key}`);
    await process.mayDie('crash-in-step');
    return run();
  }
}
