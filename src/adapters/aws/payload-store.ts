import { createHash } from 'node:crypto';
import type { S3Client, _Error as S3Error } from '@aws-sdk/client-s3';
import { WorkflowError } from '../../core/errors.ts';
import type { PayloadLink, PayloadStore } from '../../ports/payload-store.ts';
import { keptObjects } from './config.ts';
import { escapeId } from './keys.ts';
import { inTime, type RequestTime } from './in-time.ts';
import { isNamed, type Pacing, refusalBackoff, retrying, type Try, trying, unavailable } from './retry.ts';

/** See {@link s3PayloadStore}. */
export interface S3PayloadStoreOptions {
  /** Called on first use: most runs have no value that leaves its record, and loading the client takes its time. */
  readonly client: () => Promise<S3Client>;
  readonly bucket: string;
  readonly pacing: Pacing;
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
    links: {
      read: (runId, name) => readLink(options, keptKey(runId, name)),
      write: (runId, name, content) => writeLink(options, keptKey(runId, name), content),
    },
    // No `dropKept`: a rule of the bucket removes them by their age.
  };
}

async function putObject(options: S3PayloadStoreOptions, key: string, text: string): Promise<void> {
  const { PutObjectCommand } = await import('./s3.ts');
  const s3 = await options.client();
  const object = { Bucket: options.bucket, Key: key, Body: text, ContentType: 'application/json' };
  await passing(s3, options, 'Storing a payload', (time) => s3.send(new PutObjectCommand(object), time));
}

/** Undefined when there is none. */
async function getObject(options: S3PayloadStoreOptions, key: string): Promise<string | undefined> {
  const { GetObjectCommand } = await import('./s3.ts');
  const s3 = await options.client();
  const object = { Bucket: options.bucket, Key: key };
  return await passing(s3, options, 'Reading a payload', async (time) => {
    try {
      const { Body: body } = await s3.send(new GetObjectCommand(object), time);
      return await body?.transformToString('utf-8').catch(brokenOff);
    } catch (error) {
      if (isNamed(error, 'NoSuchKey', 'NotFound')) return undefined;
      throw error;
    }
  });
}

/** The client tries a request again until it has an answer, and no more when the connection breaks in the middle of its body. */
function brokenOff(cause: unknown): never {
  const message = `the answer broke off (${cause instanceof Error ? cause.message : String(cause)})`;
  throw Object.assign(new Error(message, { cause }), { $metadata: { httpStatusCode: 503 } });
}

/** For how long a link leads there, seconds; one that was signed by a role ends with its session at the latest. */
const linkSeconds = 900;

async function readLink(
  { client, bucket, pacing }: S3PayloadStoreOptions,
  key: string,
): Promise<PayloadLink> {
  const [{ GetObjectCommand }, { getSignedUrl }] = await presigning();
  const expiresAt = pacing.clock.now() + linkSeconds * 1_000;
  const object = new GetObjectCommand({ Bucket: bucket, Key: key });
  return { url: await getSignedUrl(await client(), object, { expiresIn: linkSeconds }), expiresAt };
}

/** S3 compares the hash that is signed with that of what it gets, and refuses other bytes. */
async function writeLink(
  { client, bucket, pacing }: S3PayloadStoreOptions,
  key: string,
  { sha256, bytes }: { readonly sha256: string; readonly bytes: number },
) {
  const [{ PutObjectCommand }, { getSignedUrl }] = await presigning();
  const expiresAt = pacing.clock.now() + linkSeconds * 1_000;
  const checksum = Buffer.from(sha256, 'hex').toString('base64');
  const type = 'application/json';
  const object = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    ContentType: type,
    ContentLength: bytes,
    ChecksumSHA256: checksum,
  });
  // As headers, which S3 holds a request to; in the query they would say nothing of what is sent.
  const headers = new Set(['content-type', 'content-length', 'x-amz-checksum-sha256']);
  const url = await getSignedUrl(await client(), object, {
    expiresIn: linkSeconds,
    unhoistableHeaders: headers,
    signableHeaders: new Set([...headers, 'host']),
  });
  return { url, expiresAt, headers: { 'content-type': type, 'x-amz-checksum-sha256': checksum } };
}

function presigning() {
  return Promise.all([import('./s3.ts'), import('@aws-sdk/s3-request-presigner')]);
}

async function passing<T>(
  s3: S3Client,
  { pacing }: S3PayloadStoreOptions,
  what: string,
  send: (time: RequestTime | undefined) => Promise<T>,
): Promise<T> {
  const once = (): Promise<Try<T>> => trying(what, () => send(inTime(s3, pacing.clock)));
  return await retrying(pacing, refusalBackoff, what, once);
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

function removalOf(options: S3PayloadStoreOptions): (prefix: string) => Promise<void> {
  return async (prefix) => {
    const what = 'Removing payloads';
    await retrying(options.pacing, refusalBackoff, what, async () => {
      // What was listed is deleted before the next request, so the list always begins anew.
      for (;;) {
        const tried = await trying(what, () => removeSome(options, prefix));
        if ('again' in tried) return tried;
        const { found, errors } = tried.done;
        if (found === 0) return { done: undefined };
        const [first] = errors;
        if (first === undefined) continue;
        const reason = `${first.Code ?? 'unknown'}: ${first.Message ?? ''}`;
        if (first.Code === 'AccessDenied') throw unavailable(what, reason);
        return { again: reason, progressed: errors.length < found };
      }
    });
  };
}

/** Removes up to a thousand. A request that is answered 200 may have left some of its objects. */
async function removeSome(
  { client, bucket, pacing }: S3PayloadStoreOptions,
  prefix: string,
): Promise<{ readonly found: number; readonly errors: readonly S3Error[] }> {
  const { DeleteObjectsCommand, ListObjectsV2Command } = await import('./s3.ts');
  const s3 = await client();
  const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix });
  const { Contents: contents = [] } = await s3.send(list, inTime(s3, pacing.clock));
  if (contents.length === 0) return { found: 0, errors: [] };
  const objects = contents.map(({ Key }) => ({ Key }));
  const remove = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } });
  const { Errors: errors = [] } = await s3.send(remove, inTime(s3, pacing.clock));
  return { found: objects.length, errors };
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
