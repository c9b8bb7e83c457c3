/** Simulation of runs with faults, see `simulate`. */
export { type FaultKind, faultKinds, type FaultRates } from './faults.ts';
export { notCompared } from './judge.ts';
export { Random } from './random.ts';
export type { Plan, Scenario, SeedOutcome } from './scenario.ts';
export type { Pace } from './scheduler.ts';
export {
  simulate,
  type SimulateOptions,
  type SimulationFailure,
  type SimulationReport,
} from './simulate.ts';
