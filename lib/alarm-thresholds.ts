import type { Duration } from 'aws-cdk-lib';
import { invalid, within } from './bounds.ts';

/**
 * From where on the alarms of a deployment ring. What is left out has its default; false takes an alarm out. There is one for each
 * function, queue or rule, and each costs $0.10 a month for each metric in it (CloudWatch pricing, us-east-1).
 */
export interface AlarmThresholds {
  /** Messages in the queue `Undeliverable`, 1 or more. @default 1 */
  readonly undeliverable?: number | false;
  /**
   * Messages in another dead-letter queue for 15 minutes, 1 or more. Not those of the sweeper's rule: the next sweep does what
   * they would have done.
   * @default 1
   */
  readonly deadLetters?: number | false;
  /**
   * Age of the oldest message of a work queue, 1 minute to 14 days. Messages that wait for their time, up to 15 minutes, and those
   * at work count too.
   * @default 15 minutes and two visibility timeouts of the queue
   */
  readonly messageAge?: Duration | false;
  /**
   * Invocations of a function that failed within 5 minutes, 1 or more. A record that is delivered again is none. Of the sweeper,
   * whatever the number, it rings when one failed in three intervals, 5 minutes at least, three times in a row. The function that
   * sets schedules has none: its failure fails the deployment.
   * @default 5
   */
  readonly errors?: number | false;
  /** Invocations of a function that Lambda refused within 5 minutes, three times in a row, 1 or more. @default 10 */
  readonly throttles?: number | false;
  /** Looks at stuck runs within an hour, 1 or more: a run that stays stuck is looked at once an hour at least. @default 1 */
  readonly stuckRuns?: number | false;
  /** Looks at parked runs within 5 minutes, three times in a row, 1 or more. @default 1 */
  readonly parkedRuns?: number | false;
  /** Events that a rule, and schedules that the Scheduler, gave up within 5 minutes, 1 or more. @default 1 */
  readonly failedInvocations?: number | false;
  /** Whether to ring when the sweeper was not called for three intervals, 5 minutes at least. @default true */
  readonly sweeper?: boolean;
  /** Requests that DynamoDB refused for lack of capacity within 5 minutes, three times in a row, 1 or more. @default 100 */
  readonly tableThrottles?: number | false;
  /** Requests that DynamoDB failed within 5 minutes, three times in a row, 1 or more. @default 10 */
  readonly tableErrors?: number | false;
}

/** {@link AlarmThresholds}, complete. */
export interface AlarmSettings {
  readonly undeliverable: number | false;
  readonly deadLetters: number | false;
  /** Undefined: by the queue's visibility timeout. */
  readonly messageAge: Duration | false | undefined;
  readonly errors: number | false;
  readonly throttles: number | false;
  readonly stuckRuns: number | false;
  readonly parkedRuns: number | false;
  readonly failedInvocations: number | false;
  readonly sweeper: boolean;
  readonly tableThrottles: number | false;
  readonly tableErrors: number | false;
}

const byDefault = {
  undeliverable: 1,
  deadLetters: 1,
  errors: 5,
  throttles: 10,
  stuckRuns: 1,
  parkedRuns: 1,
  failedInvocations: 1,
  tableThrottles: 100,
  tableErrors: 10,
} as const;

/** Checks the prop `alarms` and fills in the defaults; undefined when there are to be none. Throws `WorkflowRuntimeError`. */
export function alarmSettingsOf(alarms: AlarmThresholds | false = {}): AlarmSettings | undefined {
  if (alarms === false) return undefined;
  const names = [...Object.keys(byDefault), 'messageAge', 'sweeper'];
  const unknown = Object.keys(alarms).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw invalid(`alarms.${unknown}`, `there is no such alarm; write one of ${names.join(', ')}`);
  }
  const count = (name: keyof typeof byDefault): number | false => {
    const threshold = alarms[name] ?? byDefault[name];
    return threshold === false ? false : within(`alarms.${name}`, threshold, 1, 1_000_000_000, 'occurrences');
  };
  const { messageAge, sweeper = true } = alarms;
  if (messageAge !== undefined && messageAge !== false && !messageAge.isUnresolved()) {
    within('alarms.messageAge', messageAge.toSeconds({ integral: false }), 60, 1_209_600, 's');
  }
  return {
    undeliverable: count('undeliverable'),
    deadLetters: count('deadLetters'),
    messageAge,
    errors: count('errors'),
    throttles: count('throttles'),
    stuckRuns: count('stuckRuns'),
    parkedRuns: count('parkedRuns'),
    failedInvocations: count('failedInvocations'),
    sweeper,
    tableThrottles: count('tableThrottles'),
    tableErrors: count('tableErrors'),
  };
}
