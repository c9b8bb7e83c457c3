/**
 * What is on the event bus: the engine's events, the requests of other sources and the answers to those that are refused, each
 * with the JSON Schema (2020-12) of its detail. Data and types only: loads neither a client nor a schema library.
 */
import { type EventType } from '../core/event.ts';
import { type JsonSchema } from './json-schema.ts';
import { lifecycleSchemas } from './lifecycle-schemas.ts';
import { refusalSchema, refusalType } from './requests.ts';

export { type EventType, eventTypes, type WorkflowEvent } from '../core/event.ts';
export type { JsonSchema } from './json-schema.ts';
export {
  type CancelRequestDetail,
  refusalMessageLength,
  refusalType,
  type RequestRefused,
  requestSchemas,
  type RequestType,
  requestTypes,
  type ResumeRequestDetail,
  type StartRequestDetail,
} from './requests.ts';

/** The schema of the detail of each event that this package publishes, by its detail-type. Their source is `evented-workflows`. */
export const eventSchemas: Readonly<Record<EventType | typeof refusalType, JsonSchema>> = {
  ...lifecycleSchemas,
  [refusalType]: refusalSchema,
};
