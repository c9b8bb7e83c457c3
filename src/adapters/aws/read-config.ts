import * as z from 'zod';
import { WorkflowError } from '../../core/errors.ts';
import { defaults, environment, type Lane } from './config.ts';
import { issuesOf } from './issues.ts';
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

const onOff = (byDefault: 'on' | 'off') =>
  z
    .enum(['on', 'off'])
    .default(byDefault)
    .transform((value) => value === 'on');

const arn = z.string().startsWith('arn:');
const ids = z.array(z.string().min(1)).optional();

const lane = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9-]{1,40}$/, 'is no name of 1 to 40 letters, digits and hyphens'),
    queueUrl: z.url(),
    queueArn: arn,
    workflows: ids,
    steps: z.array(z.string().regex(/^.+\/.+$/, 'is no <workflow id>/<step id>')).optional(),
    stepsOver: z.int().min(0).optional(),
  })
  .refine(({ workflows, steps, stepsOver }) => (workflows ?? steps ?? stepsOver) !== undefined, {
    message: 'has none of workflows, steps and stepsOver',
  });

const lanes = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('is no JSON');
      return z.NEVER;
    }
  })
  .pipe(z.array(lane))
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, { message: 'has a name twice' });

const variables = z
  .object({
    [environment.table]: z.string().min(1),
    [environment.bus]: z.string().min(1),
    [environment.queueUrl]: z.url(),
    [environment.bucket]: z.string().min(1),
    // Below 3 s a third of it is no time for a renewal; above the time of a function it says nothing.
    [environment.leaseSeconds]: z.coerce.number().min(3).max(900).default(defaults.leaseSeconds),
    [environment.retentionDays]: z.coerce.number().positive().max(36_500).default(defaults.retentionDays),
    [environment.stepEnds]: onOff(defaults.stepEnds),
    [environment.listing]: onOff(defaults.listing),
    [environment.history]: z.enum(['full', 'none']).default(defaults.history),
    [environment.queueArn]: arn.optional(),
    [environment.scheduleGroup]: z.string().min(1).optional(),
    [environment.scheduleRole]: arn.optional(),
    [environment.scheduleDeadLetters]: arn.optional(),
    [environment.lanes]: lanes.optional(),
  })
  .superRefine((values, context) => {
    if (values[environment.scheduleGroup] === undefined) return;
    for (const name of [environment.scheduleRole, environment.queueArn]) {
      if (values[name] === undefined)
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `is missing beside ${environment.scheduleGroup}`,
        });
    }
  });

function schedulesOf(values: z.infer<typeof variables>): ScheduleConfig | undefined {
  const group = values[environment.scheduleGroup];
  const roleArn = values[environment.scheduleRole];
  const queueArn = values[environment.queueArn];
  const deadLetterArn = values[environment.scheduleDeadLetters];
  if (group === undefined || roleArn === undefined || queueArn === undefined) return undefined;
  return { group, roleArn, queueArn, ...(deadLetterArn === undefined ? {} : { deadLetterArn }) };
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * The configuration in the environment variables of a function, as the CDK construct sets them. Throws
 * WORKFLOW_DEFINITION_INVALID, with one issue for each variable that is missing or malformed.
 */
export function readAwsConfig(env: Readonly<Record<string, string | undefined>>): Required<AwsConfig> {
  const parsed = variables.safeParse(env);
  if (parsed.success) {
    const values = parsed.data;
    return {
      tableName: values[environment.table],
      busName: values[environment.bus],
      queueUrl: values[environment.queueUrl],
      bucket: values[environment.bucket],
      leaseMs: values[environment.leaseSeconds] * 1000,
      retentionMs: values[environment.retentionDays] * dayMs,
      stepEnds: values[environment.stepEnds],
      listing: values[environment.listing],
      history: values[environment.history],
      schedules: schedulesOf(values),
      lanes: (values[environment.lanes] ?? []) as readonly Lane[],
    };
  }
  const issues = issuesOf(parsed.error);
  const names = issues.map(({ path, message }) => `${path} (${message})`).join(', ');
  throw new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `Environment variables are missing or malformed: ${names}; the WorkflowRuntime construct sets them`,
    { cause: parsed.error, details: { issues } },
  );
}
