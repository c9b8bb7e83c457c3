/**
 * For tests: time that passes when it is told to, ids that count up, a place in memory with both, what a workflow means
 * (`interpret`), what becomes of it on a bad day (`simulate`), and the contracts that every adapter has to pass. Nothing here
 * imports a test framework.
 */
export {
  type ContractBackend,
  type ContractOptions,
  payloadStoreContract,
  queueContract,
  runStoreContract,
  type TestFunctions,
} from './contract/index.ts';
export {
  type AuthorFunction,
  type BlockPlace,
  type ComparableRun,
  compareWithInterpreter,
  type EntryLike,
  type Execution,
  formatPlace,
  interpret,
  type InterpretedEnding,
  type InterpretedRun,
  type InterpretedStep,
  type InterpretOptions,
  leaveSuspended,
  type OpenPlace,
  type OpenReason,
  openReasons,
  type Place,
  type PlaceStep,
  type SchemaLike,
  type StepLike,
  type Suspension,
  type WorkflowLike,
  type World,
} from './interpreter/index.ts';
export { memoryWithVirtualTime } from './memory-with-virtual-time.ts';
export { sequenceIds } from './sequence-ids.ts';
export {
  type FaultKind,
  faultKinds,
  type FaultRates,
  notCompared,
  type Pace,
  type Plan,
  Random,
  type Scenario,
  type SeedOutcome,
  simulate,
  type SimulateOptions,
  type SimulationFailure,
  type SimulationReport,
} from './simulator/index.ts';
export { type VirtualClock, virtualClock } from './virtual-clock.ts';
