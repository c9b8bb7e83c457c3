import { WorkflowError } from './errors.ts';
import { type RunHeader, type StepRecord, terminalStatuses } from './records.ts';

/** How a caller names what to resume. */
export interface ResumeSelector {
  /** Id of a step, ids along nested workflows, or the same as one dotted text; a nested workflow means what is suspended in it. */
  readonly step?: string | readonly string[];
  readonly label?: string;
  readonly forEachIndex?: number;
}

/** A step that waits to be resumed. */
export interface SuspendedPlace {
  /** The run that executes it: the one that was asked for, or one nested in it. */
  readonly runId: string;
  readonly record: StepRecord;
  /** The runs that lead to it and their epochs, from the run that executes it outwards to the one that was asked for. */
  readonly runs: readonly { readonly runId: string; readonly epoch: number }[];
  /** Ids of the steps from the run that was asked for. */
  readonly path: readonly string[];
  /** Item of the outermost foreach on the way. */
  readonly item?: number;
}

/** Targets, or why there are none (yet): the error becomes final when waiting for the suspension is over. */
export type ResumeTargets =
  /** One place, or items of one foreach in their order. */
  | { readonly places: readonly [SuspendedPlace, ...SuspendedPlace[]] }
  | {
      readonly refusal: WorkflowError /** A suspension may still be on its way. */;
      readonly mayCome: boolean;
    };

/** Finds the suspended places that a request means. `suspended`: all that are suspended in the run and in those nested in it. */
export function resumeTargets(
  header: RunHeader,
  suspended: readonly SuspendedPlace[],
  selector: ResumeSelector,
): ResumeTargets {
  const over = terminalStatuses.has(header.status);
  // A run that has paused goes on by a time travel only, whatever else stands suspended in it.
  const places = over || header.status === 'paused' ? [] : suspended;
  const mayCome = !over && header.status !== 'suspended';
  if (places.length === 0) return { refusal: notSuspended(header), mayCome };
  if (selector.label !== undefined) return byLabel(header, places, selector.label, mayCome);
  const { step, forEachIndex } = selector;
  const wanted = step === undefined ? places : byStep(places, step);
  if (step !== undefined && wanted.length === 0) return { refusal: otherStep(header, places, step), mayCome };
  if (new Set(wanted.map(nameOf)).size > 1) return { refusal: ambiguous(header, wanted), mayCome: false };
  if (forEachIndex === undefined) return { places: wanted as [SuspendedPlace, ...SuspendedPlace[]] };
  const [first, ...rest] = wanted.filter(({ item }) => item === forEachIndex);
  if (first !== undefined) return { places: [first, ...rest] };
  return { refusal: otherItem(header, wanted, forEachIndex), mayCome };
}

function nameOf({ path }: SuspendedPlace): string {
  return path.join('.');
}

/** Places at exactly these ids, else those within the nested workflow that they name. */
function byStep(places: readonly SuspendedPlace[], step: string | readonly string[]): SuspendedPlace[] {
  const given = typeof step === 'string' ? [step] : step;
  const dotted = given.flatMap((id) => id.split('.'));
  for (const ids of [given, dotted]) {
    const below = places.filter(({ path }) => ids.every((id, index) => path[index] === id));
    const exact = below.filter(({ path }) => path.length === ids.length);
    if (below.length > 0) return exact.length > 0 ? exact : below;
  }
  return [];
}

function refuse(
  code: ConstructorParameters<typeof WorkflowError>[0],
  message: string,
  header: RunHeader,
): WorkflowError {
  return new WorkflowError(code, message, {
    details: { runId: header.runId, workflowId: header.workflowId, status: header.status },
  });
}

function notSuspended(header: RunHeader): WorkflowError {
  return refuse('WORKFLOW_RUN_NOT_SUSPENDED', 'This workflow run was not suspended', header);
}

function namesOf(places: readonly SuspendedPlace[]): string[] {
  return [...new Set(places.map(nameOf))];
}

function ambiguous(header: RunHeader, places: readonly SuspendedPlace[]): WorkflowError {
  const ids = namesOf(places)
    .map((name) => `[${name}]`)
    .join(', ');
  return refuse(
    'WORKFLOW_RESUME_AMBIGUOUS',
    `Multiple suspended steps found: ${ids}. Please specify which step to resume using the "step" parameter.`,
    header,
  );
}

function byLabel(
  header: RunHeader,
  places: readonly SuspendedPlace[],
  label: string,
  mayCome: boolean,
): ResumeTargets {
  const place = places.find(({ record }) => record.labels?.includes(label));
  if (place !== undefined) return { places: [place] };
  const known = places.flatMap(({ record }) => record.labels ?? []).join(', ');
  const message = `Resume label "${label}" not found. Available labels: [${known}]`;
  return { refusal: refuse('WORKFLOW_RESUME_LABEL_NOT_FOUND', message, header), mayCome };
}

function otherStep(
  header: RunHeader,
  places: readonly SuspendedPlace[],
  step: string | readonly string[],
): WorkflowError {
  const name = typeof step === 'string' ? step : step.join('.');
  const available = namesOf(places).join(', ');
  const message = `This workflow step "${name}" was not suspended. Available suspended steps: [${available}]`;
  return refuse('WORKFLOW_RUN_NOT_SUSPENDED', message, header);
}

function otherItem(header: RunHeader, places: readonly SuspendedPlace[], index: number): WorkflowError {
  const known = places.flatMap(({ item }) => item ?? []).join(', ');
  const message = `Item ${index} of step "${nameOf(places[0] as SuspendedPlace)}" was not suspended. Suspended items: [${known}]`;
  return refuse('WORKFLOW_RUN_NOT_SUSPENDED', message, header);
}
