import { type Duration, Fn } from 'aws-cdk-lib';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRule, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IConstruct } from 'constructs';
import { createAlarms, type Watched } from './alarms.ts';
import { createDashboard } from './dashboard.ts';
import type { Expiry } from './expiry.ts';
import type { Parts } from './parts.ts';
import { visibilityOf } from './queue.ts';
import type { Schedules } from './schedules.ts';
import type { Sweeper } from './sweeper.ts';

/** What watches a deployment. */
export interface Watch {
  readonly alarms: readonly Alarm[];
  readonly dashboard: Dashboard | undefined;
}

/** What cannot be found in the scope, or not be told from others there. */
export interface WatchedParts {
  readonly undeliverable: IQueue;
  readonly deadLetterQueues: readonly IQueue[];
  readonly expiry: Expiry;
  readonly sweeper: Sweeper;
  readonly schedules: Schedules;
}

/** Watches all that was made in a scope before: each of its functions and rules by the path of its construct. */
export function watch(scope: Construct, parts: Parts, made: WatchedParts): Watch {
  const { settings, metrics, table, work, lanes, bus } = parts;
  const queueOf = ({ queue }: Parts['work'], timeout: Duration) => ({
    queue,
    visibility: visibilityOf(timeout),
  });
  const laneQueues = lanes.map((lane): [string, ReturnType<typeof queueOf>] => [
    nameOf(scope, lane.work.queue),
    queueOf(lane.work, lane.settings.timeout),
  ]);
  const watched: Watched = {
    metrics,
    undeliverable: made.undeliverable,
    deadLetterQueues: Object.fromEntries(
      made.deadLetterQueues.map((queue) => [nameOf(scope, queue).replace(/DeadLetters$/, ''), queue]),
    ),
    expiryDeadLetterQueue: made.expiry.deadLetterQueue,
    workQueues: { Work: queueOf(work, settings.timeout), ...Object.fromEntries(laneQueues) },
    functions: Object.fromEntries(
      found(scope, LambdaFunction).map((handler) => [nameOf(scope, handler), handler]),
    ),
    sweeper: { ...made.sweeper, interval: settings.sweepInterval },
    schedules: made.schedules.handler,
    rules: Object.fromEntries(
      found(scope, Rule).map((rule) => [nameOf(scope, rule), dimensionsOf(rule, bus)]),
    ),
    scheduleGroup: parts.scheduler.groupName,
    table,
  };
  const alarms =
    settings.alarms === undefined ? [] : createAlarms(scope, watched, settings.alarms, settings.alarmTopic);
  return { alarms, dashboard: settings.dashboard ? createDashboard(scope, watched, alarms) : undefined };
}

function found<T extends IConstruct>(scope: Construct, type: new (...parameters: never[]) => T): T[] {
  return scope.node.findAll().filter((construct): construct is T & IConstruct => construct instanceof type);
}

/** The path of a construct below the scope, as one word; of one that was brought, its whole path. */
function nameOf(scope: Construct, { node: { path } }: IConstruct): string {
  const own = path.startsWith(`${scope.node.path}/`) ? path.slice(scope.node.path.length) : path;
  return own.replaceAll('/', '');
}

/** How EventBridge counts what a rule does. The name of a rule that has none is the end of its ARN only. */
function dimensionsOf(rule: Rule, bus: IEventBus): Readonly<Record<string, string>> {
  const resource = rule.node.defaultChild;
  const isOnDefaultBus =
    !(resource instanceof CfnRule) || resource.eventBusName === undefined || bus.eventBusName === 'default';
  if (isOnDefaultBus) return { RuleName: rule.ruleName };
  // arn:aws:events:<region>:<account>:rule/<bus>/<name> (Service Authorization Reference)
  return { EventBusName: bus.eventBusName, RuleName: Fn.select(2, Fn.split('/', rule.ruleArn)) };
}
