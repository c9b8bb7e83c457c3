import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { WorkflowError } from '../../core/errors.ts';
import type { PayloadStore } from '../../ports/payload-store.ts';
import { keptObjects } from './config.ts';
import { escapeId } from './keys.ts';
import { isNamed, unavailable } from './retry.ts';

/** See {@link s3PayloadStore}. */
export interface S3PayloadStoreOptions {
  /** Called on first use: most runs have no value that leaves its record, and loading the client takes its time. */
  readonly client: () => Promise<S3Client>;
  readonly bucket: string;
}

/**
 * Large values as objects `<run>/<hash>`. Each put is sent, even of an object that exists: it renews the age by which a
 * bucket may expire its objects.
 */
export function s3PayloadStore(options: S3PayloadStoreOptions): PayloadStore {
  return {
    put: (runId, hash, text) => putObject(options, objectKey(runId, hash), text),

    async get(runId, hash) {
      const text = await getObject(options, objectKey(runId, hash));
      if (text === undefined) throw missing(runId, hash);
      return text;
    },

    keep: (runId, name, text) => putObject(options, keptKey(runId, name), text),
    kept: (runId, name) => getObject(options, keptKey(runId, name)),
    // No `dropKept`: a rule of the bucket removes them by their age.
  };
}

async function putObject(
  { client, bucket }: S3PayloadStoreOptions,
  key: string,
  text: string,
): Promise<void> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const s3 = await client();
  const object = { Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' };
  try {
    await s3.send(new PutObjectCommand(object));
  } catch (error) {
    throw unavailable('Storing a payload', error);
  }
}

/** Undefined when there is none. */
async function getObject(
  { client, bucket }: S3PayloadStoreOptions,
  key: string,
): Promise<string | undefined> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const s3 = await client();
  try {
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await body?.transformToString('utf-8');
  } catch (error) {
    if (isNamed(error, 'NoSuchKey', 'NotFound')) return undefined;
    throw unavailable('Reading a payload', error);
  }
}

/**
 * Removes all payloads of a run, and what was sent ahead of it: one request for each thousand, and one for each of both to find
 * them.
 */
export function s3PayloadRemoval(options: S3PayloadStoreOptions): (runId: string) => Promise<void> {
  const remove = removalOf(options);
  return async (runId) => {
    for (const keyOf of [objectKey, keptKey]) await remove(keyOf(runId, ''));
  };
}

function removalOf({ client, bucket }: S3PayloadStoreOptions): (prefix: string) => Promise<void> {
  return async (prefix) => {
    const { DeleteObjectsCommand, ListObjectsV2Command } = await import('@aws-sdk/client-s3');
    const s3 = await client();
    const what = 'Removing payloads';
    try {
      for (;;) {
        // What was listed is deleted before the next request, so the list always begins anew.
        const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix });
        const { Contents: found = [] } = await s3.send(list);
        if (found.length === 0) return;
        const objects = found.map(({ Key }) => ({ Key }));
        const { Errors: errors = [] } = await s3.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
        );
        const [first] = errors;
        if (first !== undefined)
          throw unavailable(what, `${first.Code ?? 'unknown'}: ${first.Message ?? ''}`);
      }
    } catch (error) {
      throw error instanceof WorkflowError ? error : unavailable(what, error);
    }
  };
}

/** Run ids that are parts of an object key as they are; others are named by their hash, which fits into the 1,024 bytes of a key. */
const plain = /^[\w-][\w.-]*$/;

/** Key of a payload. Injective: a hash name begins with a character that a plain one cannot have. */
export function objectKey(runId: string, hash: string): string {
  if (plain.test(runId)) return `${runId}/${hash}`;
  return `~${createHash('sha256').update(escapeId(runId)).digest('hex')}/${hash}`;
}

/** Key of what was sent ahead of a run. A payload has none like it: what follows the `~` there is a hash. */
function keptKey(runId: string, name: string): string {
  return `${keptObjects.prefix}${objectKey(runId, name)}`;
}

function missing(runId: string, hash: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `Run ${runId} has no payload ${hash}: its object was deleted or expired before the run`,
    { details: { runId, hash } },
  );
}
