import { WorkflowError } from '../core/errors.ts';
import type {
  OutputOptions,
  RestartRequest,
  ResumeRequest,
  StartRequest,
  TimeTravelRequest,
} from '../core/host.ts';
import { describe, isObject } from './describe.ts';

/** What the typed `start` accepts, at run time. */
export interface StartOptions
  extends Pick<StartRequest, 'inputData' | 'initialState' | 'perStep' | 'timeoutMs'>,
    SharedOptions {}

/** What the typed `restart` accepts, at run time. */
export type RestartOptions = SharedOptions;

/** What the typed `resume` accepts, at run time. */
export interface ResumeOptions
  extends Pick<ResumeRequest, 'resumeData' | 'label' | 'forEachIndex' | 'perStep'>,
    SharedOptions {
  readonly step?: unknown;
}

/** What the typed `timeTravel` accepts, at run time. */
export interface TravelOptions
  extends Pick<
      TimeTravelRequest,
      'inputData' | 'resumeData' | 'initialState' | 'context' | 'nestedStepsContext' | 'perStep'
    >,
    SharedOptions {
  readonly step: unknown;
}

/** What the typed `stream` accepts beside what `start`, `resume` or `timeTravel` does. */
export interface StreamOptions {
  readonly closeOnSuspend?: boolean;
}

/** What all of them accept. */
interface SharedOptions {
  readonly requestContext?: object;
  readonly outputOptions?: OutputOptions;
}

/** By its method and not by its class: another copy of this package may have made it. */
function isConvertible(value: unknown): value is { toJSON(): unknown } {
  return isObject(value) && 'toJSON' in value && typeof value.toJSON === 'function';
}

function contextOf(requestContext: object): Readonly<Record<string, unknown>> {
  const entries: unknown = isConvertible(requestContext) ? requestContext.toJSON() : requestContext;
  if (isObject(entries)) return entries;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `requestContext is ${describe(entries)}: give a RequestContext or an object`,
  );
}

/** The fields of `options` that are there: absent stays absent. */
function present<Of extends object, Key extends keyof Of & string>(
  options: Of,
  keys: readonly Key[],
): Pick<Of, Key> {
  const given = keys.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]] as const]));
  return Object.fromEntries(given) as Pick<Of, Key>;
}

function shared({ requestContext }: SharedOptions): Pick<StartRequest, 'requestContext'> {
  return requestContext === undefined ? {} : { requestContext: contextOf(requestContext) };
}

function stepId(step: unknown, method: string): string {
  const id: unknown = isObject(step) ? step['id'] : step;
  if (typeof id === 'string' && id !== '') return id;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `${method} was given ${describe(step)} as its step: give a step, its id, or an array of these`,
  );
}

/** A path of one step is that step. */
function target(step: unknown, method: string): string | readonly string[] {
  if (!Array.isArray(step)) return stepId(step, method);
  const ids = step.map((one) => stepId(one, method));
  return ids.length === 1 && ids[0] !== undefined ? ids[0] : ids;
}

/** The part of a start request that the caller's options say. */
export function startArguments(options: StartOptions): Omit<StartRequest, 'workflowId'> {
  const { inputData } = options;
  return { inputData, ...present(options, ['initialState', 'perStep', 'timeoutMs']), ...shared(options) };
}

/** The same of a resume request. Throws WORKFLOW_ARGUMENT_INVALID for what is no step. */
export function resumeArguments(options: ResumeOptions): Omit<ResumeRequest, 'runId'> {
  const { resumeData, step } = options;
  return {
    resumeData,
    ...(step === undefined ? {} : { step: target(step, 'resume') }),
    ...present(options, ['label', 'forEachIndex', 'perStep']),
    ...shared(options),
  };
}

/** The same of a restart. */
export function restartArguments(options: RestartOptions): Pick<RestartRequest, 'requestContext'> {
  return shared(options);
}

const travelFields = [
  'inputData',
  'resumeData',
  'initialState',
  'context',
  'nestedStepsContext',
  'perStep',
] as const;

/** The same of a time travel. Throws WORKFLOW_ARGUMENT_INVALID for what is no step. */
export function travelArguments(options: unknown): Omit<TimeTravelRequest, 'runId'> {
  const given = (isObject(options) ? options : {}) as unknown as TravelOptions;
  const { step } = given;
  if (step === undefined || (Array.isArray(step) && step.length === 0)) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      'Step is required and must be a valid step or array of steps',
      { details: { field: 'step' } },
    );
  }
  return { step: target(step, 'timeTravel'), ...present(given, travelFields), ...shared(given) };
}
