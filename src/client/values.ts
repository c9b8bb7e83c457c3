import { isWorkflowApiError, WorkflowApiError } from './errors.ts';
import { invalidArgument, jsonText, type Transport } from './transport.ts';
import type { CallOptions } from './workflow-types.ts';

/** What stands in an answer for a value of more than 256 KiB of JSON; `Client.value` fetches it. */
export interface ValueRef {
  readonly $value: {
    /** Where it is, for the API that gave this reference. */
    readonly href: string;
    /** Bytes of its JSON in UTF-8. */
    readonly bytes: number;
    /** SHA-256 of its JSON, in hex. */
    readonly sha256: string;
  };
}

/** Whether a part of an answer stands for a large value. */
export function isValueRef(value: unknown): value is ValueRef {
  if (!isObject(value) || Object.keys(value).length !== 1) return false;
  const { href, bytes, sha256 } = (value['$value'] ?? {}) as Partial<ValueRef['$value']>;
  return typeof href === 'string' && typeof bytes === 'number' && typeof sha256 === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Fetches what a reference stands for. */
export async function fetchValue(
  transport: Transport,
  ref: ValueRef,
  { signal }: CallOptions,
): Promise<unknown> {
  // A step can write what looks like a reference: whatever it says, only a value of a run of this API is asked for.
  const [path] = /\/runs\/[^/?#\\]+\/value\?[^#]*$/.exec(ref.$value.href) ?? [];
  if (path === undefined) {
    const message = `"${ref.$value.href}" is no reference to a value of a run: give one that this API gave`;
    throw invalidArgument(message);
  }
  const { bytes, sha256 } = ref.$value;
  const url = bytes > linkedBytes ? await linkTo(transport, path, signal) : undefined;
  if (url === undefined) return await transport.call({ method: 'GET', path, isRepeatable: true, signal });
  // Who answers is not the API, so that what comes is compared with what the API said.
  const request = { method: 'GET', path: '', direct: { url }, isRepeatable: true, signal } as const;
  const text = await transport.call<string>(request, (response) => response.text());
  if ((await hashOf(text)) !== sha256) {
    const message = `The value at ${new URL(url).origin} is not the one that the reference names: read the reference again`;
    throw new WorkflowApiError('CLIENT_ANSWER_INVALID', message, { status: 200 });
  }
  return JSON.parse(text);
}

/** Bytes above which an API on AWS neither takes a value in a request nor gives one in an answer by itself (Lambda quotas). */
const linkedBytes = 5 * 1024 * 1024;

/** Undefined where the API answers values of any size, and where it is older than links are. */
async function linkTo(
  transport: Transport,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const linked = path.replace('/value?', '/value/link?');
  try {
    const request = { method: 'GET', path: linked, isRepeatable: true, signal } as const;
    return (await transport.call<{ readonly url?: string }>(request)).url;
  } catch (error) {
    if (isWithoutLinks(error)) return undefined;
    throw error;
  }
}

function isWithoutLinks(error: unknown): boolean {
  // API Gateway refuses a route that it does not have in a form of its own.
  return error instanceof WorkflowApiError && error.status === 404 && !error.code.startsWith('WORKFLOW_');
}

/**
 * An answer with its large values in their places. What a reference names can have changed meanwhile: then `again` is
 * asked for the same answer with its values as they are.
 */
export async function withValues<Answer>(
  transport: Transport,
  answer: Answer,
  again: () => Promise<Answer>,
  options: CallOptions,
): Promise<Answer> {
  // One after the other: there can be thousands of them, and each can have megabytes.
  const fill = async (value: unknown): Promise<unknown> => {
    if (!holdsReference(value)) return value;
    if (isValueRef(value)) return await fetchValue(transport, value, options);
    const filled: [string, unknown][] = [];
    for (const [key, item] of Object.entries(value)) filled.push([key, await fill(item)]);
    return Array.isArray(value) ? filled.map(([, item]) => item) : Object.fromEntries(filled);
  };
  try {
    return (await fill(answer)) as Answer;
  } catch (error) {
    const isGone = error instanceof WorkflowApiError && error.status === 404;
    // What a step wrote can look like a reference, and lead nowhere.
    const isNone = isWorkflowApiError(error, 'CLIENT_ARGUMENT_INVALID');
    if (!isGone && !isNone) throw error;
    return await again();
  }
}

function holdsReference(value: unknown): value is object {
  return isObject(value) && (isValueRef(value) || Object.values(value).some(holdsReference));
}

/** Keeps a value for a run, and gives the hash that names it. */
export async function keepValue(
  transport: Transport,
  runPath: string,
  value: unknown,
  { signal }: CallOptions,
): Promise<string> {
  const text = jsonText(value);
  const sha256 = await hashOf(text);
  const path = `${runPath}/values/${sha256}`;
  const bytes = new TextEncoder().encode(text).byteLength;
  const link = bytes > linkedBytes ? await uploadLink(transport, `${path}/link`, bytes, signal) : undefined;
  if (link === undefined) {
    await transport.call({ method: 'PUT', path, body: value, isRepeatable: true, signal });
    return sha256;
  }
  const { url, headers } = link;
  const direct = { url, text };
  const request = { method: 'PUT', path: '', direct, headers, isRepeatable: true, signal } as const;
  await transport.call(request, (response) => response.text());
  return sha256;
}

interface UploadLink {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Undefined as in {@link linkTo}. */
async function uploadLink(
  transport: Transport,
  path: string,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<UploadLink | undefined> {
  try {
    const request = { method: 'POST', path, body: { bytes }, isRepeatable: true, signal } as const;
    const { url, headers = {} } = await transport.call<Partial<UploadLink>>(request);
    return url === undefined ? undefined : { url, headers };
  } catch (error) {
    if (isWithoutLinks(error)) return undefined;
    throw error;
  }
}

/** SHA-256 of a text in UTF-8, in hex. */
async function hashOf(text: string): Promise<string> {
  const { subtle } = globalThis.crypto as { readonly subtle?: typeof globalThis.crypto.subtle };
  if (subtle === undefined) {
    throw invalidArgument('This page cannot hash: serve it over https or from localhost');
  }
  return hexOf(new Uint8Array(await subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

/** Bytes as lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
