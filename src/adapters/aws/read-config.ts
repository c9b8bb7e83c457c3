import { type ValidationIssue, WorkflowError } from '../../core/errors.ts';
import { defaults, environment, type Lane } from './config.ts';
import { lanesIn } from './lanes-variable.ts';
import type { ScheduleConfig } from './scheduler-timers.ts';

/** What the functions of one deployment share. */
export interface AwsConfig {
  /** Name of the table. */
  readonly tableName: string;
  /** Name or ARN of the event bus. */
  readonly busName: string;
  /** URL of the work queue. */
  readonly queueUrl: string;
  /** Name of the bucket for large values. */
  readonly bucket: string;
  /** Length of a lease, ms: what the runtime takes as its `leaseMs`. @default 60,000 */
  readonly leaseMs?: number;
  /** How long the header of a finished run is kept, ms. @default 30 days */
  readonly retentionMs?: number;
  /** Whether the end of each step is published, at a dollar per million events. @default true */
  readonly stepEnds?: boolean;
  /** Whether root runs are entered in the list index, at 2 write units a run. Without it, lists are empty. @default true */
  readonly listing?: boolean;
  /** Whether runs keep their history where nobody says otherwise: what the runtime takes as `history`. @default 'none' */
  readonly history?: 'full' | 'none';
  /** Where timers are kept that are due later than a queue can delay. @default they are delays of a queue, one after the other */
  readonly schedules?: ScheduleConfig | undefined;
  /** Queues of their own for some of the work. @default none */
  readonly lanes?: readonly Lane[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads variables one by one and notes all that is wrong, so that it can be told at once. By hand, as in `fields.ts`.
 */
class VariableReader {
  readonly issues: ValidationIssue[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** What is wrong with a variable, in words that follow its name. */
  refuse(path: string, message: string): void {
    this.issues.push({ path, message });
  }

  optionalText(
    name: string,
    problemOf: (text: string) => string | undefined = emptyText,
  ): string | undefined {
    const text = this.#env[name];
    const problem = text === undefined ? undefined : problemOf(text);
    if (problem !== undefined) this.refuse(name, problem);
    return text;
  }

  text(name: string, problemOf?: (text: string) => string | undefined): string {
    const text = this.optionalText(name, problemOf);
    if (text === undefined) this.refuse(name, 'is missing');
    return text ?? '';
  }

  number(name: string, { least, most, otherwise }: Bounds): number {
    const text = this.#env[name];
    if (text === undefined) return otherwise;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= least && value <= most)) this.refuse(name, `is no number of ${least} to ${most}`);
    return value;
  }

  choice<Option extends string>(name: string, options: readonly Option[], otherwise: Option): Option {
    const text = this.#env[name];
    if (text === undefined) return otherwise;
    const option = options.find((one) => one === text);
    if (option === undefined) this.refuse(name, `is none of ${options.join(', ')}`);
    return option ?? otherwise;
  }

  onOff(name: string, otherwise: 'on' | 'off'): boolean {
    return this.choice(name, ['on', 'off'], otherwise) === 'on';
  }
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
}

function emptyText(text: string): string | undefined {
  return text === '' ? 'is empty' : undefined;
}

function notUrl(text: string): string | undefined {
  return URL.canParse(text) ? undefined : 'is no URL';
}

function notArn(text: string): string | undefined {
  return text.startsWith('arn:') ? undefined : 'is no ARN';
}

function schedulesIn(variables: VariableReader): ScheduleConfig | undefined {
  const group = variables.optionalText(environment.scheduleGroup);
  const roleArn = variables.optionalText(environment.scheduleRole, notArn);
  const queueArn = variables.optionalText(environment.queueArn, notArn);
  const deadLetterArn = variables.optionalText(environment.scheduleDeadLetters, notArn);
  if (group === undefined) return undefined;
  const beside = `is missing beside ${environment.scheduleGroup}`;
  if (roleArn === undefined) variables.refuse(environment.scheduleRole, beside);
  if (queueArn === undefined) variables.refuse(environment.queueArn, beside);
  if (roleArn === undefined || queueArn === undefined) return undefined;
  return { group, roleArn, queueArn, ...(deadLetterArn === undefined ? {} : { deadLetterArn }) };
}

function lanesOfVariable(variables: VariableReader): readonly Lane[] {
  const text = variables.optionalText(environment.lanes);
  if (text === undefined) return [];
  const { lanes, issues } = lanesIn(text);
  for (const { path, message } of issues) {
    variables.refuse(path === '' ? environment.lanes : `${environment.lanes}.${path}`, message);
  }
  return lanes;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * The configuration in the environment variables of a function, as the CDK construct sets them. Throws
 * WORKFLOW_DEFINITION_INVALID, with one issue for each variable that is missing or malformed.
 */
export function readAwsConfig(env: Environment): Required<AwsConfig> {
  const variables = new VariableReader(env);
  const config = {
    tableName: variables.text(environment.table),
    busName: variables.text(environment.bus),
    queueUrl: variables.text(environment.queueUrl, notUrl),
    bucket: variables.text(environment.bucket),
    // Below 3 s a third of it is no time for a renewal; above the time of a function it says nothing.
    leaseMs:
      variables.number(environment.leaseSeconds, { least: 3, most: 900, otherwise: defaults.leaseSeconds }) *
      1000,
    retentionMs:
      variables.number(environment.retentionDays, {
        // About a second.
        least: 0.00001,
        most: 36_500,
        otherwise: defaults.retentionDays,
      }) * dayMs,
    stepEnds: variables.onOff(environment.stepEnds, defaults.stepEnds),
    listing: variables.onOff(environment.listing, defaults.listing),
    history: variables.choice(environment.history, ['full', 'none'], defaults.history),
    schedules: schedulesIn(variables),
    lanes: lanesOfVariable(variables),
  };
  const { issues } = variables;
  if (issues.length === 0) return config;
  const names = issues.map(({ path, message }) => `${path} (${message})`).join(', ');
  throw new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `Environment variables are missing or malformed: ${names}; the WorkflowRuntime construct sets them`,
    { details: { issues } },
  );
}
