import { AsyncLocalStorage } from 'node:async_hooks';
import { LogFormatter, Logger as JsonLogger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { Metrics as EmbeddedMetrics } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import {
  coldStartMetric,
  defaults,
  environment,
  metricDimension,
  metricNames,
} from '../src/adapters/aws/config.ts';
import type { Metrics } from '../src/ports/index.ts';
import { loggedError } from './log-error.ts';

/** What a line of the log says beside its message: ids and numbers, never values of a run. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Logs and metrics of one function. */
export interface Observability {
  readonly logger: {
    debug(message: string, attributes?: Attributes): void;
    info(message: string, attributes?: Attributes): void;
    warn(message: string, attributes?: Attributes): void;
    error(message: string, attributes?: Attributes): void;
  };
  readonly metrics: Metrics;
  /** Everything that is logged during `work` has these attributes too. */
  readonly during: <T>(attributes: Attributes, work: () => T) => T;
  /** The handler, with its request id on every line, and its counts written when it is over. */
  readonly observed: <Event, Answer>(
    handler: (event: Event, context: Context) => Promise<Answer>,
  ) => (event: Event, context: Context) => Promise<Answer>;
}

/** One JSON object a line. Errors anywhere in it are described by {@link loggedError}. */
class LineFormatter extends LogFormatter {
  override formatAttributes(base: UnformattedAttributes, more: LogAttributes): LogItem {
    const { lambdaContext } = base;
    return new LogItem({
      attributes: {
        level: base.logLevel,
        message: base.message,
        timestamp: this.formatTimestamp(base.timestamp),
        service: base.serviceName,
        functionName: lambdaContext?.functionName,
        requestId: lambdaContext?.awsRequestId,
        traceId: base.xRayTraceId,
      },
    }).addAttributes(more);
  }

  override formatError(error: Error): LogAttributes {
    return { ...loggedError(error) };
  }
}

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Logs and metrics by the environment of a function. A level that is none of them is the default: a log is no reason to fail. */
export function createObservability(variables: Environment): Observability {
  const name = variables[environment.name] || defaults.name;
  const wanted = variables[environment.logLevel];
  const lines = new JsonLogger({
    serviceName: name,
    logLevel: levels.find((level) => level === wanted) ?? defaults.logLevel,
    logFormatter: new LineFormatter(),
  });
  const scope = new AsyncLocalStorage<Attributes>();
  const log =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, attributes: Attributes = {}): void => {
      lines[level](message, { ...scope.getStore(), ...attributes });
    };
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const counts = new Counts(name, variables[environment.metricsNamespace] || defaults.metricsNamespace);
  return {
    logger,
    metrics: counts,
    during: (attributes, work) => scope.run({ ...scope.getStore(), ...attributes }, work),
    observed: (handler) => async (event, context) => {
      lines.addContext(context);
      counts.begin(context.functionName);
      try {
        return await handler(event, context);
      } finally {
        counts.flush();
      }
    },
  };
}

/**
 * Counts during an invocation, and writes them at its end as one line of the log, from which CloudWatch makes metrics (embedded
 * metric format): no call, and nothing lost when Lambda freezes the process.
 */
class Counts implements Metrics {
  readonly #embedded: EmbeddedMetrics;
  readonly #totals = new Map<string, number>();
  #isCold = true;

  constructor(name: string, namespace: string) {
    this.#embedded = new EmbeddedMetrics({ namespace });
    // Without the dimension `service`, which would say the same again.
    this.#embedded.clearDefaultDimensions();
    this.#embedded.setDefaultDimensions({ [metricDimension]: name });
  }

  count: Metrics['count'] = (name, attributes = {}) => {
    this.#add(metricNames[name]);
    if (name === 'step.executed' && attributes['outcome'] === 'failed') this.#add(metricNames['step.failed']);
    if (name === 'run.ended' && attributes['status'] === 'failed') this.#add(metricNames['run.failed']);
  };

  begin(functionName: string): void {
    if (!this.#isCold) return;
    this.#isCold = false;
    this.#embedded.addDimension('Function', functionName || 'unknown');
    this.#embedded.addMetric(coldStartMetric, 'Count', 1);
    this.#embedded.publishStoredMetrics();
  }

  flush(): void {
    if (this.#totals.size === 0) return;
    for (const [name, total] of this.#totals) this.#embedded.addMetric(name, 'Count', total);
    this.#totals.clear();
    this.#embedded.publishStoredMetrics();
  }

  #add(name: string): void {
    this.#totals.set(name, (this.#totals.get(name) ?? 0) + 1);
  }
}

/** Those of this function. */
export const { logger, metrics, during, observed } = createObservability(process.env);
