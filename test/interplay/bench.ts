import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { ResumeRequest, StartRequest, TimeTravelRequest } from '../../src/core/host.ts';
import type { RunResult, WorkflowState } from '../../src/core/snapshot.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { settledResult } from '../runtime/drive.ts';
import { places } from '../runtime/places.ts';
import { type Container, containersIn } from './containers.ts';
import { type Act, type Entry, type Expected, expected } from './model.ts';
import { comparable, Script } from './script.ts';

/** A container in a place, with one runtime for all tests of it. */
export class Bench {
  readonly container: Container;
  private opened: Runtime | undefined;

  constructor(container: Container) {
    this.container = container;
  }

  get runtime(): Runtime {
    return this.opened ?? expect.unreachable('the runtime is not open');
  }

  set runtime(runtime: Runtime) {
    this.opened = runtime;
  }

  /** Begins a run of its own, in which the probe does this. */
  async begin(
    probe: Script['probe'],
    { every, ...more }: Partial<StartRequest> & { readonly every?: Script['every'] } = {},
  ): Promise<Play> {
    plays += 1;
    const play = new Play(this, new Script(`run ${plays}`, probe, every));
    await this.runtime.start({ workflowId: 'w', inputData: 'probe', ...play.named, ...more });
    return play;
  }
}

let plays = 0;

/** One run of a container. */
export class Play {
  readonly bench: Bench;
  readonly script: Script;
  readonly runId: string;

  constructor(bench: Bench, script: Script) {
    this.bench = bench;
    this.script = script;
    this.runId = script.id;
  }

  get named(): { runId: string; resourceId: string } {
    return { runId: this.runId, resourceId: this.script.id };
  }

  /** The result when nothing moves any more. */
  result(): Promise<RunResult> {
    return settledResult(this.bench.runtime, this.runId);
  }

  async resume(request: Partial<ResumeRequest> = {}): Promise<void> {
    await this.bench.runtime.resume({ runId: this.runId, ...request });
  }

  async travel(request: Partial<TimeTravelRequest> & Pick<TimeTravelRequest, 'step'>): Promise<void> {
    await this.bench.runtime.timeTravel({ runId: this.runId, ...request });
  }

  /** Waits until the stored entries, with those of nested runs, are as `isSo` wants them. */
  async until(isSo: (steps: WorkflowState['steps']) => boolean): Promise<void> {
    for (let looks = 0; looks < 5_000; looks += 1) {
      const stored = await this.bench.runtime.get({ runId: this.runId });
      if (stored !== null && isSo(stored.steps)) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect.unreachable('the entries never were as they should be');
  }

  /** Expects the whole of the run when nothing moves any more: its result, what is stored, and how often each body ran. */
  async expect(act: Act, extra: Extra = {}): Promise<void> {
    const { container, runtime } = this.bench;
    const { status, value, steps, flat, ran, stepExecutionPath } = {
      ...expected(container, act, extra),
      ...extra.instead,
    };
    const [slot = ''] = container.path;
    const result = await this.result();
    const error = result.error === undefined ? {} : { error: String(result.error) };
    expect({ ...result, steps: comparable(result.steps), ...error }).toStrictEqual({
      status,
      runId: this.runId,
      input: 'probe',
      steps: { input: 'probe', ...steps },
      stepExecutionPath,
      state: extra.state ?? {},
      ...(status === 'success' ? { result: value } : {}),
      ...(status === 'failed' ? { error: value } : {}),
      ...(status === 'suspended'
        ? {
            suspended: [container.path],
            suspendPayload: { [slot]: value },
            resumeLabels: extra.resumeLabels ?? {},
          }
        : {}),
    });
    const stored = await runtime.get({ runId: this.runId });
    expect(comparable(stored?.steps ?? {})).toStrictEqual(flat);
    expect(stored?.status).toBe(status);
    expect(this.script.ran).toEqual(ran);
  }
}

/** What a result has beside what {@link expected} says. */
export interface Extra extends Entry {
  readonly state?: Readonly<Record<string, unknown>>;
  readonly resumeLabels?: RunResult['resumeLabels'];
  /** What is another way than that says. */
  readonly instead?: Partial<Pick<Expected, 'ran' | 'stepExecutionPath'>>;
}

/** Runs `tests` for each container in each place; those of a container run at once. */
export function inEveryContainer(
  title: string,
  tests: (bench: Bench) => void,
  isMeant: (container: Container) => boolean = () => true,
): void {
  describe.each(places)(`${title} in $name`, (place) => {
    describe.concurrent.each(containersIn(place).filter(isMeant))('$name', (container) => {
      const bench = new Bench(container);
      let remove = (): void => {};
      beforeAll(() => {
        const opened = place.open();
        ({ remove } = opened);
        const logger = { warn: () => {} };
        bench.runtime = createRuntime({ workflows: [container.workflow], backend: opened.backend, logger });
      });
      afterAll(async () => {
        await bench.runtime.close();
        remove();
      });
      tests(bench);
    });
  });
}
