import { handlingOf, storedRun } from './begin.ts';
import { isQueued } from '../core/concurrency.ts';
import { WorkflowError } from '../core/errors.ts';
import type { RepeatableRequest, StoredRun } from './api.ts';
import { endEvent, signalChange } from './duty-entry.ts';
import { checkId } from './arguments.ts';
import { leavePlace } from './concurrency.ts';
import { decideOnce } from './decide-once.ts';
import type { Engine } from './engine.ts';
import { checkAccess, notFound } from './access.ts';
import { releaseSuspended } from './run-keys.ts';
import { workflowOf } from './registry.ts';

/**
 * Cancels a run. Its status is final when this resolves; steps that run see their abort signal. A call that comes again by its
 * key means the epoch that it met first: what a time travel began since then, nobody asked to end.
 */
export async function cancelRun(engine: Engine, request: RepeatableRequest): Promise<StoredRun> {
  const { store, clock, metrics } = engine.backend;
  const header = await store.loadHeader(request.runId);
  if (header === undefined) throw notFound(request.runId);
  checkAccess(header, request);
  const { requestKey: key } = request;
  const seen = { epoch: header.epoch };
  const met =
    key === undefined
      ? {}
      : await decideOnce(engine, request.runId, `cancel:${checkId(key, 'requestKey')}`, async () => seen);
  const now = clock.now();
  const write = await store.cancel({
    runId: request.runId,
    now,
    sweepAt: now + engine.times.sweepMs,
    ...met,
    ...(request.owner === undefined ? {} : { owner: request.owner }),
  });
  const stored = write.image ?? header;
  if ('epoch' in met && met.epoch !== stored.epoch) return storedRun(stored, false);
  if (!write.won && stored.status !== 'canceled') {
    throw new WorkflowError(
      'WORKFLOW_RUN_ALREADY_FINISHED',
      `Run "${request.runId}" ended with status ${stored.status} before it could be canceled`,
      { details: { runId: request.runId, status: stored.status } },
    );
  }
  engine.aborts.cancel(request.runId);
  const handling = handlingOf(engine, workflowOf(engine, stored), stored);
  // Also when it was canceled before: the first caller may have died between its write and its event.
  await handling.publisher.publish([endEvent(handling, 'canceled')]);
  if (write.won) metrics.count('run.ended', { status: 'canceled' });
  if (write.won) await releaseSuspended(engine, stored);
  // Nothing of it runs, so nobody has to wait until the event is handled.
  if (isQueued(header)) await leavePlace(engine, stored);
  await store.durable();
  signalChange(engine, stored);
  return storedRun(stored, write.won);
}
