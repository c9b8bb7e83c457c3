import { writeSync } from 'node:fs';
import { type Phase, phases, type Place } from './points.ts';

/** Handlings at once that a record has room for. */
export const slotCount = 64;

const headBytes = 8;
const slotBytes = 5;
const recordBytes = headBytes + slotCount * slotBytes;

/**
 * What a process does, in a file, so that whoever kills it can read afterwards what it did when it died. Each change is one
 * write of the whole record into one page of the page cache: the write has happened or it has not, and a process that is
 * killed takes nothing of it along. So the record is that of the very moment, and a change costs some microseconds.
 */
export class StatusWriter {
  readonly #file: number;
  readonly #record = Buffer.alloc(recordBytes);
  #changes = 0;

  /** `file`: descriptor of a file that is open for writing, or -1 to keep nothing. */
  constructor(file: number) {
    this.#file = file;
    this.#write();
  }

  /** Number of changes so far: a process in which nothing happens makes none. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether no handling is in flight. */
  get isIdle(): boolean {
    return !this.#slots().some((slot) => this.#record[slot] !== 0);
  }

  /** Takes a slot for a handling that begins. */
  enter(): number {
    const slot = this.#slots().findIndex((at) => this.#record[at] === 0);
    if (slot < 0) throw new Error('more handlings at once than the record has slots');
    this.set(slot, 'load');
    return slot;
  }

  set(slot: number, phase: Phase | undefined): void {
    const at = headBytes + slot * slotBytes;
    this.#changes += 1;
    this.#record[at] = phase === undefined ? 0 : phases.indexOf(phase) + 1;
    this.#record.writeUInt32LE(this.#changes, at + 1);
    this.#write();
  }

  /** The process has turned to this handling, which is in the same phase as before. */
  touch(slot: number): void {
    this.set(slot, this.get(slot));
  }

  get(slot: number): Phase | undefined {
    return phaseAt(this.#record, slot);
  }

  /** How many handlings are in a phase. */
  count(phase: Phase): number {
    const code = phases.indexOf(phase) + 1;
    return this.#slots().filter((slot) => this.#record[slot] === code).length;
  }

  setCommitting(isCommitting: boolean): void {
    this.#record[0] = isCommitting ? 1 : 0;
    this.#write();
  }

  /** The file is open, and the runtime works. */
  setOpen(): void {
    this.#record[1] = 1;
    this.#write();
  }

  setCalls(count: number): void {
    this.#changes += 1;
    this.#record.writeUInt16LE(count, 2);
    this.#record.writeUInt32LE(this.#changes, 4);
    this.#write();
  }

  #slots(): number[] {
    return Array.from({ length: slotCount }, (_, slot) => headBytes + slot * slotBytes);
  }

  #write(): void {
    if (this.#file >= 0) writeSync(this.#file, this.#record, 0, recordBytes, 0);
  }
}

function phaseAt(record: Buffer, slot: number): Phase | undefined {
  return phases[(record[headBytes + slot * slotBytes] ?? 0) - 1];
}

/** What a process did when it died. */
export interface Death {
  /** Where it died: what it had turned to last, of what was in flight. */
  readonly place: Place;
  /** It was within a COMMIT statement; or, when it killed itself, about to give one or just back from it. */
  readonly isCommitting: boolean;
  /** How many handlings were in each phase. */
  readonly inFlight: Readonly<Record<Phase, number>>;
}

/** Reads what a {@link StatusWriter} left; nothing, when the process died before it had one. */
export function deathOf(left: Buffer): Death {
  const record = left.length === recordBytes ? left : Buffer.alloc(recordBytes);
  const slots = Array.from({ length: slotCount }, (_, slot) => ({
    phase: phaseAt(record, slot),
    change: record.readUInt32LE(headBytes + slot * slotBytes + 1),
  })).filter(({ phase }) => phase !== undefined);
  const count = (phase: Phase): number => slots.filter((slot) => slot.phase === phase).length;
  const inFlight = {
    load: count('load'),
    claim: count('claim'),
    execute: count('execute'),
    commit: count('commit'),
  };
  const isCommitting = record[0] === 1;
  return { place: placeAt(record, slots, isCommitting, inFlight), isCommitting, inFlight };
}

function placeAt(
  record: Buffer,
  slots: readonly { readonly phase: Phase | undefined; readonly change: number }[],
  isCommitting: boolean,
  inFlight: Death['inFlight'],
): Place {
  if (record[1] === 0) return 'open';
  const calls = record.readUInt16LE(2);
  // A transaction holds what several handlings wrote, so within its COMMIT the process works for all of them.
  if (isCommitting) {
    const last = (['commit', 'claim'] as const).find((phase) => inFlight[phase] > 0);
    if (last !== undefined) return last;
    if (calls > 0) return 'call';
  }
  const newest = slots.toSorted((a, b) => b.change - a.change)[0];
  if (calls > 0 && record.readUInt32LE(4) > (newest?.change ?? 0)) return 'call';
  return newest?.phase ?? 'idle';
}
