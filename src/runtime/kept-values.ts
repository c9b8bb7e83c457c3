import { WorkflowError } from '../core/errors.ts';
import { checkAccess } from './access.ts';
import type { KeptValueRef } from './api.ts';
import { checkId } from './arguments.ts';
import type { PayloadLink, PayloadLinks } from '../ports/index.ts';
import type { Engine } from './engine.ts';
import { sha256 } from './values.ts';

/** Values that callers send ahead of the start or the resumption that they are for. */

/**
 * The name that a value is kept under. Part of it is who sent it: others neither read it nor learn that it is there, and nobody
 * reaches what the engine itself stored under a hash.
 */
function nameOf({ owner, sha256: hash }: KeptValueRef): string {
  return sha256(JSON.stringify([owner ?? null, hash]));
}

/** The run need not exist; one that does has to be the caller's. */
async function check(engine: Engine, ref: KeptValueRef): Promise<void> {
  checkId(ref.runId, 'runId');
  if (!/^[0-9a-f]{64}$/.test(ref.sha256)) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      'The hash of the value is no SHA-256: write its 64 hex digits in lower case',
      { details: { field: 'sha256' } },
    );
  }
  const header = await engine.backend.store.loadHeader(ref.runId);
  if (header !== undefined) checkAccess(header, ref);
}

/** See `Runtime.keepValue`. */
export async function keepValue(
  engine: Engine,
  request: KeptValueRef & { readonly text: string },
): Promise<void> {
  const { payloads, store, clock } = engine.backend;
  await check(engine, request);
  const { runId, text } = request;
  const found = sha256(text);
  if (found !== request.sha256) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      `The value has the SHA-256 ${found}, and not ${request.sha256}: hash the very bytes that are sent`,
      { details: { field: 'sha256', found } },
    );
  }
  await payloads.keep(runId, nameOf(request), text, clock.now());
  await store.durable();
}

/** See `Runtime.keptValue`. */
export async function keptValue(engine: Engine, ref: KeptValueRef): Promise<string> {
  await check(engine, ref);
  const text = await engine.backend.payloads.kept(ref.runId, nameOf(ref));
  // What came by a link was not hashed here.
  if (text !== undefined && sha256(text) === ref.sha256) return text;
  throw new WorkflowError(
    'WORKFLOW_VALUE_NOT_FOUND',
    `No value of the SHA-256 ${ref.sha256} was sent ahead of run "${ref.runId}": send it first`,
    { details: { runId: ref.runId, sha256: ref.sha256 } },
  );
}

/** See `Runtime.shareValue`. The name is of the value alone: whoever may see the run may see it. */
export async function shareValue(
  engine: Engine,
  request: KeptValueRef & { readonly text: string },
): Promise<PayloadLink | undefined> {
  const { payloads, clock } = engine.backend;
  if (payloads.links === undefined) return undefined;
  await check(engine, request);
  const { runId, text } = request;
  const name = sha256(JSON.stringify(['shared', sha256(text)]));
  await payloads.keep(runId, name, text, clock.now());
  return payloads.links.read(runId, name);
}

/** See `Runtime.linkValue`. */
export async function linkValue(
  engine: Engine,
  request: KeptValueRef & { readonly bytes: number },
): Promise<Awaited<ReturnType<PayloadLinks['write']>> | undefined> {
  const { links } = engine.backend.payloads;
  await check(engine, request);
  const { runId, bytes } = request;
  const most = engine.limits.valueBytes;
  if (bytes > most) {
    throw new WorkflowError(
      'WORKFLOW_LIMIT_EXCEEDED',
      `The value has ${bytes} bytes, and ${most} are possible: keep large data elsewhere and pass a reference`,
      { details: { limit: 'valueBytes', allowed: most } },
    );
  }
  return links?.write(runId, nameOf(request), { sha256: request.sha256, bytes });
}
