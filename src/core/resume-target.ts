import { WorkflowError } from './errors.ts';
import { isVisible, type RunHeader, type StepRecord, terminalStatuses } from './records.ts';
import { parseTurn } from './turn.ts';

/** How a caller names what to resume. */
export interface ResumeSelector {
  readonly step?: string | readonly string[];
  readonly label?: string;
}

/** Suspended records that count in the run's epoch, in graph order. */
export function suspendedRecords(header: RunHeader, records: readonly StepRecord[]): StepRecord[] {
  return records.filter(
    (record) =>
      record.status === 'suspended' && isVisible(parseTurn(record.turn).epoch, record.key.entry, header),
  );
}

/** A target, or why there is none (yet): the error becomes final when waiting for the suspension is over. */
export type ResumeTarget =
  | { readonly record: StepRecord }
  | {
      readonly refusal: WorkflowError /** A suspension may still be on its way. */;
      readonly mayCome: boolean;
    };

/** Finds the one suspended record that a request means. */
export function resumeTarget(
  header: RunHeader,
  records: readonly StepRecord[],
  selector: ResumeSelector,
): ResumeTarget {
  const over = terminalStatuses.has(header.status);
  const suspended = over ? [] : suspendedRecords(header, records);
  const mayCome = !over && header.status !== 'suspended';
  if (suspended.length === 0) return { refusal: notSuspended(header), mayCome };
  if (selector.label !== undefined) return byLabel(header, suspended, selector.label, mayCome);
  if (selector.step !== undefined) return byStep(header, suspended, selector.step, mayCome);
  const [only, ...more] = suspended;
  if (only !== undefined && more.length === 0) return { record: only };
  return { refusal: ambiguous(header, suspended), mayCome: false };
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

function idList(records: readonly StepRecord[], separator: string, wrap: (id: string) => string): string {
  return records.map((record) => wrap(record.stepId)).join(separator);
}

function ambiguous(header: RunHeader, suspended: readonly StepRecord[]): WorkflowError {
  const ids = idList(suspended, ', ', (id) => `[${id}]`);
  return refuse(
    'WORKFLOW_RESUME_AMBIGUOUS',
    `Multiple suspended steps found: ${ids}. Please specify which step to resume using the "step" parameter.`,
    header,
  );
}

function byLabel(header: RunHeader, suspended: StepRecord[], label: string, mayCome: boolean): ResumeTarget {
  const record = suspended.find((candidate) => candidate.labels?.includes(label));
  if (record !== undefined) return { record };
  const known = suspended.flatMap((candidate) => candidate.labels ?? []).join(', ');
  const message = `Resume label "${label}" not found. Available labels: [${known}]`;
  return { refusal: refuse('WORKFLOW_RESUME_LABEL_NOT_FOUND', message, header), mayCome };
}

function byStep(
  header: RunHeader,
  suspended: StepRecord[],
  step: string | readonly string[],
  mayCome: boolean,
): ResumeTarget {
  const name = typeof step === 'string' ? step : step.join('.');
  const record = suspended.find((candidate) => candidate.stepId === name);
  if (record !== undefined) return { record };
  const available = idList(suspended, ', ', (id) => id);
  const message = `This workflow step "${name}" was not suspended. Available suspended steps: [${available}]`;
  return { refusal: refuse('WORKFLOW_RUN_NOT_SUSPENDED', message, header), mayCome };
}
