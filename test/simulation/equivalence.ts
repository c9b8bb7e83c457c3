import type { WorkflowEvent } from '../../src/core/event.ts';
import type { Backend } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { compareWithInterpreter, interpret, type InterpretedRun } from '../../src/testing/index.ts';
import { Random } from '../../src/testing/simulator/random.ts';
import { settlementOrders } from '../../src/testing/simulator/settlements.ts';
import { Deliveries } from './deliveries.ts';
import { NotedLogs } from './noted-logs.ts';
import { buildWorkload, type GraphSpec, type Workload } from './workloads/index.ts';

/** Where a workload is executed. */
export interface Stage {
  /** A backend of its own for each call of a runtime, as when each one is made by another process. */
  readonly isAnew: boolean;
  open(clock: Backend['clock']): Backend;
  close(): Promise<void>;
}

/** Suspensions that one run may have before it counts as endless. */
const mostResumes = 400;

/** A workload that is executed, one call of a runtime after the other. */
class Execution {
  private readonly workload: Workload;
  private readonly stage: Stage;
  readonly deliveries: Deliveries;
  readonly logs = new NotedLogs();
  private runtime: Runtime | undefined;

  constructor(workload: Workload, stage: Stage, random: Random) {
    this.workload = workload;
    this.stage = stage;
    this.deliveries = new Deliveries(random);
  }

  /** Calls a runtime. */
  async call<T>(work: (runtime: Runtime) => Promise<T>): Promise<T> {
    if (!this.stage.isAnew) return work((this.runtime ??= this.open().runtime));
    const { runtime, backend } = this.open();
    try {
      return await work(runtime);
    } finally {
      await backend.close();
    }
  }

  private open(): { runtime: Runtime; backend: Backend } {
    const { deliveries, logs, workload } = this;
    const backend = this.stage.open(deliveries.clock);
    const runtime = createRuntime({
      workflows: workload.workflows,
      backend: deliveries.of({ ...backend, store: logs.of(backend.store) }),
      logger: { warn: () => {} },
      work: false,
    });
    return { runtime, backend };
  }

  /** Delivers until nothing moves any more. */
  async rest(): Promise<string[]> {
    const handle = (event: WorkflowEvent): Promise<void> => this.call((runtime) => runtime.handle(event));
    return (await this.deliveries.deliver(handle)) ? [] : ['the run does not come to rest'];
  }
}

/** Executes a workload to its end, resuming what is suspended, one after the other; resolves with what is wrong with it. */
async function execute(execution: Execution, workload: Workload, runId: string): Promise<string[]> {
  const { workflowId, inputData, initialState, requestContext } = workload;
  await execution.call((runtime) =>
    runtime.start({
      workflowId,
      runId,
      inputData,
      ...(initialState === undefined ? {} : { initialState }),
      ...(requestContext === undefined ? {} : { requestContext }),
    }),
  );
  for (let resumes = 0; resumes < mostResumes; resumes += 1) {
    const problems = await execution.rest();
    if (problems.length > 0) return problems;
    const { status, suspended } = await execution.call((runtime) => runtime.result({ runId }));
    const [path] = suspended ?? [];
    if (status !== 'suspended' || path === undefined) {
      const isOver = status !== 'suspended' && status !== 'running' && status !== 'waiting';
      return isOver ? [] : [`the run rests with status ${status}`];
    }
    const label = workload.label({ path });
    const target = label === undefined ? { step: path } : { label };
    const resumeData = workload.resume({ path });
    await execution.call((runtime) => runtime.resume({ runId, ...target, resumeData }));
  }
  return ['the run is suspended again and again'];
}

/** What a workload came to. */
export interface Played {
  /** What was wrong, in words. */
  readonly differences: readonly string[];
  readonly interpreted?: InterpretedRun;
}

/** Executes a workload in the engine, interprets it, and compares the two. `seed` decides the schedule. */
export async function play(spec: GraphSpec, stage: Stage, seed: number): Promise<Played> {
  const workload = buildWorkload(spec);
  const execution = new Execution(workload, stage, new Random(seed, 1));
  const runId = `run ${seed}`;
  const problems = await execute(execution, workload, runId);
  if (problems.length > 0) return { differences: problems };
  const [root] = workload.workflows;
  if (root === undefined) return { differences: ['there is no workflow'] };
  const { inputData, initialState, requestContext } = workload;
  const interpreted = await interpret(root, {
    inputData,
    ...(initialState === undefined ? {} : { initialState }),
    ...(requestContext === undefined ? {} : { requestContext }),
    resume: ({ path }) => workload.resume({ path }),
    settlementOrder: settlementOrders(execution.logs, { runId, workflow: root }),
  });
  const result = await execution.call((runtime) => runtime.result({ runId, includeState: true }));
  const stored = await execution.call((runtime) => runtime.get({ runId }));
  if (stored === null) return { differences: ['the run is gone'], interpreted };
  const shown = {
    ...stored,
    state: stored.initialState ?? {},
    requestContext: stored.requestContext ?? {},
  };
  const differences = [
    ...compareWithInterpreter(result, interpreted).map((text) => `result: ${text}`),
    ...compareWithInterpreter(shown, interpreted, { nested: true }).map((text) => `stored: ${text}`),
  ];
  return { differences, interpreted };
}
