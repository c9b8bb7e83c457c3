import { Duration, Names } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { metricDimension, metricNames } from '../src/adapters/aws/config.ts';

/** What the engine counts; see `metric` of {@link IMetered}. */
export type EngineMetric = keyof typeof metricNames;

/** Under which name and in which namespace a deployment counts. */
export interface MetricSource {
  /** Value of the dimension `Runtime`. */
  readonly name: string;
  readonly namespace: string;
}

/** A name for the metrics and logs of a deployment: the path of its construct, the same at every synthesis. */
export function runtimeName(scope: IConstruct): string {
  return Names.uniqueResourceName(scope, { maxLength: 64, separator: '-', allowedSpecialCharacters: '-' });
}

/** A count of the engine: its sum over 5 minutes, unless the options say otherwise. */
export function engineMetric(
  { name, namespace }: MetricSource,
  metric: EngineMetric,
  options: MetricOptions = {},
): Metric {
  return new Metric({
    namespace,
    metricName: metricNames[metric],
    dimensionsMap: { [metricDimension]: name },
    statistic: Stats.SUM,
    period: Duration.minutes(5),
    ...options,
  });
}

/** The metrics of a deployment. Each is the sum (of a depth or an age the maximum) over 5 minutes; options change that. */
export interface IMetered {
  /** Any count of the engine. */
  metric(name: EngineMetric, options?: MetricOptions): Metric;
  /** Runs that were started, nested ones included. */
  metricRunsStarted(options?: MetricOptions): Metric;
  /** Runs that came to an end, whatever it was. */
  metricRunsEnded(options?: MetricOptions): Metric;
  /** Runs that failed. */
  metricRunsFailed(options?: MetricOptions): Metric;
  /** Looks at runs that have something to do and have not changed for 15 minutes. */
  metricRunsStuck(options?: MetricOptions): Metric;
  /** Looks at runs whose workflow, or whose step, is not in the deployed code. */
  metricRunsParked(options?: MetricOptions): Metric;
  /** Runs for which the sweeper published what was missing. */
  metricRunsSwept(options?: MetricOptions): Metric;
  /** Runs that were looked at because a message of theirs could not be processed. */
  metricRunsAudited(options?: MetricOptions): Metric;
  /** Executions of a step's body, whatever they came to. */
  metricStepsExecuted(options?: MetricOptions): Metric;
  /** Executions of a step's body that failed. */
  metricStepsFailed(options?: MetricOptions): Metric;
  /** Failed attempts that another one follows. */
  metricStepsRetried(options?: MetricOptions): Metric;
  /** Steps that took longer than they may. */
  metricStepsTimedOut(options?: MetricOptions): Metric;
  /** Runs that were not over at their deadline; they have failed. */
  metricRunsTimedOut(options?: MetricOptions): Metric;
  /** Events that were put on the bus. */
  metricEventsPublished(options?: MetricOptions): Metric;
  /** Events that had nothing left to do: repeated, late, of a run that is over. */
  metricEventsDropped(options?: MetricOptions): Metric;
  /** Requests by events that were refused. */
  metricRequestsRefused(options?: MetricOptions): Metric;
  /** Runs that a schedule started. */
  metricSchedulesFired(options?: MetricOptions): Metric;
  /** Messages of the work queue that wait for a worker. */
  metricWorkQueueDepth(options?: MetricOptions): Metric;
  /** Age of the oldest message in the work queue, in seconds: delayed messages and those at work count too. */
  metricWorkQueueAge(options?: MetricOptions): Metric;
  /** Messages that nobody could do anything for. More than none is for a person to look at. */
  metricUndeliverable(options?: MetricOptions): Metric;
}

/** A construct with the metrics of a deployment. */
export abstract class MeteredConstruct extends Construct implements IMetered {
  protected abstract readonly metricSource: MetricSource;
  abstract readonly workQueue: IQueue;
  abstract readonly undeliverableQueue: IQueue;

  metric(name: EngineMetric, options?: MetricOptions): Metric {
    return engineMetric(this.metricSource, name, options);
  }

  metricRunsStarted(options?: MetricOptions): Metric {
    return this.metric('run.started', options);
  }

  metricRunsEnded(options?: MetricOptions): Metric {
    return this.metric('run.ended', options);
  }

  metricRunsFailed(options?: MetricOptions): Metric {
    return this.metric('run.failed', options);
  }

  metricRunsStuck(options?: MetricOptions): Metric {
    return this.metric('run.stuck', options);
  }

  metricRunsParked(options?: MetricOptions): Metric {
    return this.metric('run.parked', options);
  }

  metricRunsSwept(options?: MetricOptions): Metric {
    return this.metric('run.swept', options);
  }

  metricRunsAudited(options?: MetricOptions): Metric {
    return this.metric('run.audited', options);
  }

  metricStepsExecuted(options?: MetricOptions): Metric {
    return this.metric('step.executed', options);
  }

  metricStepsFailed(options?: MetricOptions): Metric {
    return this.metric('step.failed', options);
  }

  metricStepsRetried(options?: MetricOptions): Metric {
    return this.metric('step.retried', options);
  }

  metricRunsTimedOut(options?: MetricOptions): Metric {
    return this.metric('run.timed-out', options);
  }

  metricStepsTimedOut(options?: MetricOptions): Metric {
    return this.metric('step.timed-out', options);
  }

  metricEventsPublished(options?: MetricOptions): Metric {
    return this.metric('event.published', options);
  }

  metricEventsDropped(options?: MetricOptions): Metric {
    return this.metric('event.dropped', options);
  }

  metricRequestsRefused(options?: MetricOptions): Metric {
    return this.metric('request.refused', options);
  }

  metricSchedulesFired(options?: MetricOptions): Metric {
    return this.metric('schedule.fired', options);
  }

  metricWorkQueueDepth(options?: MetricOptions): Metric {
    return this.workQueue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, ...options });
  }

  metricWorkQueueAge(options?: MetricOptions): Metric {
    return this.workQueue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, ...options });
  }

  metricUndeliverable(options?: MetricOptions): Metric {
    return this.undeliverableQueue.metricApproximateNumberOfMessagesVisible({
      statistic: Stats.MAXIMUM,
      ...options,
    });
  }
}
