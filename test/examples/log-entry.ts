import type { LogEntry } from '../../examples/orders/execution-log.ts';

/** An entry of the execution log of which it says `<step> <phase>`, or `<step>/<item> <phase>`. */
export function logEntry(text: string): LogEntry {
  const [idempotencyKey = '', phase] = text.split(' ');
  const [stepId = ''] = idempotencyKey.split('/');
  return { stepId, phase: phase as LogEntry['phase'], idempotencyKey, runId: 'r', retryCount: 0, pid: 1 };
}
