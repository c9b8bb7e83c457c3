import { WorkflowError } from '../core/errors.ts';
import { isQuiet } from '../core/records.ts';
import type { StoredRun } from '../runtime/api.ts';
import { type Call, json, noContent, noRun, runOf, runPath, segment, shownLink } from './call.ts';
import { parseJson } from './json-body.ts';
import { shownResult } from './values.ts';
import { keyedRunId, requestKeyOf } from './idempotency.ts';
import {
  emptyBody,
  keyResumeBody,
  linkBody,
  parseWith,
  restartBody,
  resumeBody,
  startBody,
  timeTravelBody,
  valuePath,
  waitQuery,
} from './schemas.ts';

/** The routes that change a run. */

/** `POST /workflows/:workflowId/runs` */
export async function startRun(call: Call): Promise<Response> {
  const { wait } = parseWith(waitQuery, call.query, 'The query');
  const body = parseWith(startBody, call.body, 'The body');
  const start = { ...body, workflowId: segment(call, 'workflowId'), ...call.owner };
  const runId = await keyedRunId(call.request.headers.get('idempotency-key'), start);
  const request = await withInput(call, start);
  const stored = await call.runtime.start({ ...request, ...(runId === undefined ? {} : { runId }) });
  const location = runPath(call, stored.runId);
  return json(await afterWait(call, stored, wait), stored.changed ? 201 : 200, { location });
}

/** `POST /runs/:runId/resume` */
export async function resumeRun(call: Call): Promise<Response> {
  const { wait } = parseWith(waitQuery, call.query, 'The query');
  const { resumeValue, ...body } = parseWith(resumeBody, call.body, 'The body');
  const run = runOf(call);
  const sent = resumeValue === undefined ? {} : { resumeData: await keptData(call, run.runId, resumeValue) };
  const request = { ...body, ...sent, ...run };
  return json(await afterWait(call, await call.runtime.resume(request), wait));
}

/** `POST /resume` */
export async function resumeByKey(call: Call): Promise<Response> {
  const { wait } = parseWith(waitQuery, call.query, 'The query');
  const body = parseWith(keyResumeBody, call.body, 'The body');
  const once = await requestKeyOf(call.request.headers.get('idempotency-key'));
  const stored = await call.runtime.resumeByKey({ ...body, ...once, ...call.owner });
  return json(await afterWait(call, stored, wait));
}

/** `POST /runs/:runId/time-travel` */
export async function travelRun(call: Call): Promise<Response> {
  const { wait } = parseWith(waitQuery, call.query, 'The query');
  const body = parseWith(timeTravelBody, call.body, 'The body');
  const request = await withInput(call, { ...body, ...runOf(call) });
  return json(await afterWait(call, await call.runtime.timeTravel(request), wait));
}

/** `POST /runs/:runId/restart` */
export async function restartRun(call: Call): Promise<Response> {
  const { wait } = parseWith(waitQuery, call.query, 'The query');
  const body = parseWith(restartBody, call.body, 'The body');
  return json(await afterWait(call, await call.runtime.restart({ ...body, ...runOf(call) }), wait));
}

/** `POST /runs/:runId/cancel` */
export async function cancelRun(call: Call): Promise<Response> {
  parseWith(emptyBody, call.body, 'The body');
  return json(shownRun(await call.runtime.cancel(runOf(call))));
}

/** `DELETE /runs/:runId` */
export async function removeRun(call: Call): Promise<Response> {
  parseWith(emptyBody, call.body, 'The body');
  const run = runOf(call);
  if (await call.runtime.remove(run)) return noContent();
  throw noRun(run.runId);
}

/** `PUT /runs/:runId/values/:sha256` */
export async function keepValue(call: Call): Promise<Response> {
  const { runId, sha256 } = parseWith(valuePath, call.params, 'The path');
  if (call.text === '') {
    throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', 'The body is empty: send the JSON of the value');
  }
  await call.runtime.keepValue({ runId, ...call.owner, sha256, text: call.text });
  return noContent();
}

/** `POST /runs/:runId/values/:sha256/link` */
export async function linkValue(call: Call): Promise<Response> {
  const { runId, sha256 } = parseWith(valuePath, call.params, 'The path');
  const { bytes } = parseWith(linkBody, call.body, 'The body');
  return json(shownLink(await call.runtime.linkValue({ runId, ...call.owner, sha256, bytes })));
}

/** A value that was sent ahead of a run, as if it stood in the body. Nobody has looked at one that came by a link. */
async function keptData(call: Call, runId: string | undefined, sha256: string): Promise<unknown> {
  if (runId === undefined) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      'The body has inputValue and no runId: name the run that the value was sent ahead of',
      { details: { issues: [{ path: 'runId', message: 'missing' }] } },
    );
  }
  return parseJson(await call.runtime.keptValue({ runId, ...call.owner, sha256 }), call.bodyLimits);
}

/** A request with its input in it. */
async function withInput<Request extends { readonly runId?: string; readonly inputValue?: string }>(
  call: Call,
  request: Request,
): Promise<Omit<Request, 'inputValue'> & { readonly inputData?: unknown }> {
  const { inputValue, ...rest } = request;
  if (inputValue === undefined) return rest;
  return { ...rest, inputData: await keptData(call, request.runId, inputValue) };
}

function shownRun({ runId, workflowId, status, resourceId, changed }: StoredRun): object {
  return { runId, workflowId, status, resourceId, changed };
}

/**
 * What is answered for a run that was changed: as it was stored, or after a wait as it is then, with its outcome once nothing of it
 * goes on. The change is done: whatever happens to the wait, the caller must not take it for refused, and repeat it.
 */
async function afterWait(call: Call, stored: StoredRun, waitMs: number): Promise<object> {
  const shown = shownRun(stored);
  if (waitMs === 0) return shown;
  const run = { runId: stored.runId, ...call.owner };
  try {
    const status = await call.runtime.settled({ ...run, timeoutMs: waitMs, signal: call.signal() });
    if (!isQuiet(status)) return { ...shown, status };
    const outcome = await call.runtime.result(run);
    // Somebody can have resumed it since.
    if (!isQuiet(outcome.status)) return { ...shown, status: outcome.status };
    return { ...shown, status: outcome.status, outcome: await shownResult(call, run.runId, outcome) };
  } catch (error) {
    call.onError(error);
    return shown;
  }
}
