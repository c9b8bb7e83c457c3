import type { StepRuntime } from '../core/definition.ts';
import type { WorkflowError } from '../core/errors.ts';
import type { SharedData } from '../core/records.ts';
import type { RunLimits } from '../core/limits.ts';
import type { Backend } from '../ports/index.ts';
import type { AbortRegistry } from './abort-registry.ts';
import type { Registry } from './registry.ts';
import type { RunSignals } from './run-signals.ts';
import type { StepEmitter } from './step-executor.ts';
import type { Values } from './values.ts';

/** Times of the engine, ms. */
export interface EngineTimes {
  /** A claim is void this long after its last renewal. @default 60,000 */
  readonly leaseMs: number;
  /** A lease counts as ended only this long after its end: clocks of two machines differ. @default 10,000 */
  readonly skewMs: number;
  /** A resume waits this long for a suspension that is not stored yet. @default 2,000 */
  readonly resumeWaitMs: number;
  /** A started, resumed or canceled run is looked at by the sweeper after this long. @default 120,000 */
  readonly sweepMs: number;
}

/** Defaults of {@link EngineTimes}. */
export const defaultTimes: EngineTimes = {
  leaseMs: 60_000,
  skewMs: 10_000,
  resumeWaitMs: 2_000,
  sweepMs: 120_000,
};

/** Told about what the engine cannot put on a record: a throwing condition, a lost renewal. */
export interface Logger {
  warn(message: string, attributes: Readonly<Record<string, unknown>>): void;
}

/** What every part of the engine works with. */
export interface Engine {
  readonly backend: Backend;
  readonly registry: Registry;
  readonly values: Values;
  readonly limits: RunLimits;
  readonly times: EngineTimes;
  readonly aborts: AbortRegistry;
  readonly signals: RunSignals;
  readonly logger: Logger;
  readonly emitter: StepEmitter;
  /** What bodies, conditions and callbacks may use of the runtime. */
  readonly stepRuntime: StepRuntime;
  /** Whether runs keep their history, when neither workflow nor caller says so. */
  readonly history: 'full' | 'none';
  /** Publish `workflow.step.end`: on AWS each costs a dollar per million. */
  readonly stepEndEvents: boolean;
  /** Aborts when the runtime closes. */
  readonly closing: AbortSignal;
  /** What a call of a closed runtime rejects with. */
  closed(): WorkflowError;
  /** A new claim's owner: this process's incarnation and the number of the handling. */
  nextOwner(): string;
}

/** State and request context that a step sees, and the entry whose record holds them. */
export interface SharedAt {
  readonly data: SharedData;
  readonly from: number | undefined;
}
