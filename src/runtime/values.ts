import { createHash } from 'node:crypto';
import { decode, encode, encodeError } from '../core/codec.ts';
import { isWorkflowError, WorkflowError } from '../core/errors.ts';
import { limits, type RunLimits } from '../core/limits.ts';
import type { StoredValue } from '../core/records.ts';
import { utf8Bytes } from '../core/utf8.ts';
import type { PayloadStore } from '../ports/index.ts';

/** SHA-256 of a text, in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Whether an error says that a value cannot be stored, whoever tries and however often: then whatever made the value has
 * failed, and another delivery would end the same.
 */
export function isUnstorable(error: unknown): error is WorkflowError {
  return (
    error instanceof WorkflowError &&
    (error.code === 'WORKFLOW_VALUE_NOT_STORABLE' || error.code === 'WORKFLOW_LIMIT_EXCEEDED')
  );
}

/** Whether an error says that the place failed, so that the event has to come again; any other is the author's. */
export function isOfThePlace(error: unknown): boolean {
  return isWorkflowError(
    error,
    'WORKFLOW_BACKEND_UNAVAILABLE',
    'WORKFLOW_RECORD_CORRUPT',
    'WORKFLOW_RUNTIME_CLOSED',
    'WORKFLOW_NOT_FOUND',
  );
}

/** Moves values between memory and records: encodes, decodes, and checks large ones in at the payload store. */
export class Values {
  private readonly payloads: PayloadStore;
  private readonly limits: RunLimits;
  private readonly inlineBytes: number;

  constructor(payloads: PayloadStore, runLimits: RunLimits) {
    this.payloads = payloads;
    this.limits = runLimits;
    this.inlineBytes = Math.min(limits.inlineBytes, payloads.inlineBytes ?? limits.inlineBytes);
  }

  /**
   * Encodes `value`. Larger than the place keeps in a record, it goes to the payload store first, so that no record ever points
   * to nothing. Rejects with WORKFLOW_VALUE_NOT_STORABLE or WORKFLOW_LIMIT_EXCEEDED; `name` is what the message calls it.
   */
  async store(runId: string, value: unknown, name: string): Promise<StoredValue> {
    return this.place(runId, this.encode(value, name));
  }

  /** The same for an error; parts that cannot be stored are left out. */
  async storeError(runId: string, error: Error): Promise<StoredValue> {
    return this.place(runId, encodeError(error));
  }

  /** Text of a value, without storing it. */
  encode(value: unknown, name: string): string {
    return encode(value, { name, maxBytes: this.limits.valueBytes, maxDepth: this.limits.valueDepth });
  }

  /** The text that is equal for equal values, whatever the order of their keys. */
  encodeCanonical(value: unknown, name: string): string {
    const { valueBytes: maxBytes, valueDepth: maxDepth } = this.limits;
    return encode(value, { name, maxBytes, maxDepth, canonical: true });
  }

  /** Where an encoded text is kept. `inlineBytes`: up to which it stays in a record that has to be smaller than most. */
  async place(runId: string, text: string, inlineBytes = this.inlineBytes): Promise<StoredValue> {
    if (text.length * 3 <= inlineBytes) return { inline: text };
    const bytes = utf8Bytes(text);
    if (bytes <= inlineBytes) return { inline: text };
    const ref = sha256(text);
    await this.payloads.put(runId, ref, text);
    return { ref, bytes };
  }

  /** The same value for another run: payloads are kept by run. */
  async copy(from: string, to: string, stored: StoredValue): Promise<StoredValue> {
    if ('inline' in stored || from === to) return stored;
    await this.payloads.put(to, stored.ref, await this.payloads.get(from, stored.ref));
    return stored;
  }

  /** Decodes a value; each call makes a fresh one, so that nobody sees another's changes. */
  async load(runId: string, stored: StoredValue): Promise<unknown> {
    return decode('inline' in stored ? stored.inline : await this.payloads.get(runId, stored.ref));
  }

  /** The same without waiting; only where the payload store can. */
  loadSync(runId: string, stored: StoredValue): unknown {
    if ('inline' in stored) return decode(stored.inline);
    return decode(this.payloads.getSync?.(runId, stored.ref) ?? '');
  }

  /** Fetches the claim checks among `stored`; the result decodes any of them without waiting. */
  async prefetch(
    runId: string,
    stored: readonly (StoredValue | undefined)[],
  ): Promise<(value: StoredValue) => unknown> {
    const refs = new Set(
      stored.flatMap((value) => (value !== undefined && 'ref' in value ? [value.ref] : [])),
    );
    const texts = new Map(
      await Promise.all([...refs].map(async (ref) => [ref, await this.payloads.get(runId, ref)] as const)),
    );
    return (value) => decode('inline' in value ? value.inline : (texts.get(value.ref) ?? ''));
  }
}
