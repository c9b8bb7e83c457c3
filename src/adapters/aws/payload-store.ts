import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { WorkflowError } from '../../core/errors.ts';
import type { PayloadStore } from '../../ports/payload-store.ts';
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
export function s3PayloadStore({ client, bucket }: S3PayloadStoreOptions): PayloadStore {
  return {
    async put(runId, hash, text) {
      const { PutObjectCommand } = await import('@aws-sdk/client-s3');
      const s3 = await client();
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: objectKey(runId, hash),
        Body: text,
        ContentType: 'application/json',
      });
      try {
        await s3.send(command);
      } catch (error) {
        throw unavailable('Storing a payload', error);
      }
    },

    async get(runId, hash) {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      const s3 = await client();
      try {
        const { Body: body } = await s3.send(
          new GetObjectCommand({ Bucket: bucket, Key: objectKey(runId, hash) }),
        );
        if (body === undefined) throw missing(runId, hash);
        return await body.transformToString('utf-8');
      } catch (error) {
        if (error instanceof WorkflowError) throw error;
        throw isNamed(error, 'NoSuchKey', 'NotFound')
          ? missing(runId, hash, error)
          : unavailable('Reading a payload', error);
      }
    },
  };
}

/** Removes all payloads of a run: one request for each thousand, and one to find them. */
export function s3PayloadRemoval({
  client,
  bucket,
}: S3PayloadStoreOptions): (runId: string) => Promise<void> {
  return async (runId) => {
    const { DeleteObjectsCommand, ListObjectsV2Command } = await import('@aws-sdk/client-s3');
    const s3 = await client();
    const what = 'Removing payloads';
    try {
      for (;;) {
        // What was listed is deleted before the next request, so the list always begins anew.
        const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: objectKey(runId, '') });
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

function missing(runId: string, hash: string, cause?: unknown): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `Run ${runId} has no payload ${hash}: its object was deleted or expired before the run`,
    { cause, details: { runId, hash } },
  );
}
