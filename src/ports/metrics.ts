/** What the engine counts; names are stable. */
export type MetricName =
  | 'step.executed'
  | 'step.retried'
  | 'claim.lost'
  | 'claim.taken-over'
  | 'commit.lost'
  | 'event.dropped'
  | 'event.published'
  | 'probe.sent'
  | 'run.started'
  | 'run.queued'
  | 'run.ended'
  | 'run.swept'
  | 'run.audited'
  | 'run.stuck'
  | 'run.parked'
  | 'step.timed-out'
  | 'run.timed-out'
  | 'request.refused'
  | 'schedule.fired';

/** Counters of the engine. An implementation must not throw. */
export interface Metrics {
  count(name: MetricName, attributes?: Readonly<Record<string, string>>): void;
}
