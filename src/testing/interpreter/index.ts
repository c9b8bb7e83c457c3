/**
 * The meaning of a workflow, written down as a program as plain as possible: what the engine is compared with. It imports
 * nothing of the engine.
 */
export { type ComparableRun, compareWithInterpreter } from './compare.ts';
export { type Execution, leaveSuspended, type Suspension, type World } from './frame.ts';
export {
  interpret,
  type InterpretedEnding,
  type InterpretedRun,
  type InterpretOptions,
} from './interpret.ts';
export { type OpenPlace, type OpenReason, openReasons } from './open.ts';
export type { InterpretedStep } from './outcome.ts';
export { type BlockPlace, formatPlace, type Place, type PlaceStep } from './place.ts';
export type { AuthorFunction, EntryLike, SchemaLike, StepLike, WorkflowLike } from './types.ts';
