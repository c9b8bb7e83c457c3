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
  return await transport.call({ method: 'GET', path, isRepeatable: true, signal });
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
  const { subtle } = globalThis.crypto as { readonly subtle?: typeof globalThis.crypto.subtle };
  if (subtle === undefined) {
    const message = 'This page cannot hash: serve it over https or from localhost';
    throw invalidArgument(message);
  }
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(jsonText(value)));
  const sha256 = hexOf(new Uint8Array(digest));
  const path = `${runPath}/values/${sha256}`;
  await transport.call({ method: 'PUT', path, body: value, isRepeatable: true, signal });
  return sha256;
}

/** Bytes as lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
