import { WorkflowError } from '../core/errors.ts';
import type { RunHeader, StepRecord } from '../core/records.ts';
import {
  formatKeyState,
  holderStatus,
  isSameHolder,
  isWaitedFor,
  type KeyHolder,
  type KeyState,
  parseKeyState,
  withoutHolder,
} from '../core/resume-key.ts';
import type { RunEpoch } from '../ports/index.ts';
import type { Engine } from './engine.ts';
import type { StepHandling } from './handling.ts';
import { sha256 } from './values.ts';

/** Name of the text of a key. As JSON, so that no owner and key run into each other. */
export function keyName(owner: string | undefined, key: string): string {
  return `resume-key/${sha256(JSON.stringify([owner ?? null, key]))}`;
}

/** Where the holder of a key stands. */
export type HolderPlace =
  | { readonly status: 'gone' | 'working' }
  | {
      readonly status: 'waiting';
      readonly record: StepRecord;
      /** The runs that lead to it, from the one that executes it to the outermost one. */
      readonly runs: readonly RunEpoch[];
      /** The outermost run. */
      readonly root: RunHeader;
    };

/** Asks the records of a holder, and the runs around it, whether it still waits. */
export async function placeOfHolder(engine: Engine, holder: KeyHolder, key: string): Promise<HolderPlace> {
  const { header, record } = await headerAndRecord(engine, holder);
  const status = holderStatus(holder, key, header, record);
  if (status === 'gone' || header === undefined || record === undefined) return { status: 'gone' };
  const around = await runsAround(engine, header);
  if (around === undefined) return { status: 'gone' };
  return status === 'working' ? { status } : { status, record, ...around };
}

/** A run, and the record of one of its places. */
export async function headerAndRecord(
  { backend }: Engine,
  { runId, key }: Pick<KeyHolder, 'runId' | 'key'>,
): Promise<{ readonly header: RunHeader | undefined; readonly record: StepRecord | undefined }> {
  const load = await backend.store.loadStep({ runId, keys: [key], input: false, consistent: true });
  return { header: load.header, record: load.records[0] };
}

/** A run and those around it; undefined when one of them does not wait for what is nested in it any more. */
export async function runsAround(
  engine: Engine,
  inner: RunHeader,
): Promise<{ readonly runs: readonly RunEpoch[]; readonly root: RunHeader } | undefined> {
  const runs: RunEpoch[] = [];
  for (let header = inner; ; ) {
    runs.push({ runId: header.runId, epoch: header.epoch });
    const { parent } = header;
    if (parent === undefined) return { runs, root: header };
    const above = await headerAndRecord(engine, parent);
    if (above.header === undefined || !isWaitedFor(header, above.header, above.record)) return undefined;
    header = above.header;
  }
}

/**
 * Takes the keys of a suspension before that is stored. Rejects with WORKFLOW_RESUME_KEY_TAKEN when another step waits under one of
 * them, or is about to. Whoever dies between this and the suspension holds them only until its lease is taken over.
 */
export async function takeKeys(handling: StepHandling, keys: readonly string[]): Promise<void> {
  const { engine, runId, key: place, turn, owner, step, header } = handling;
  const holder: KeyHolder = { runId, key: place, stepId: step.id, turn, owner };
  const taken: string[] = [];
  // In one order for all: of two steps that want the same ones, one gets them.
  for (const key of keys.toSorted()) {
    const other = await takeKey(engine, { name: keyName(header.owner, key), key }, holder);
    if (other !== undefined) {
      await releaseKeys(engine, header, holder, taken);
      throw keyTaken(key, holder, other);
    }
    taken.push(key);
  }
}

/** Resolves with the other step that has the key; undefined when it is `mine` now. */
async function takeKey(
  engine: Engine,
  { name, key }: { readonly name: string; readonly key: string },
  mine: KeyHolder,
): Promise<KeyHolder | undefined> {
  let seen: string | undefined;
  for (;;) {
    const state = parseKeyState(seen);
    const { holder } = state;
    const isOther = holder !== undefined && !isSameHolder(holder, mine);
    if (isOther && (await placeOfHolder(engine, holder, key)).status !== 'gone') return holder;
    const write = await writeKey(engine, name, seen, { ...state, holder: mine });
    if (write.won) return undefined;
    seen = write.text;
  }
}

/**
 * Replaces what is stored under a key, if that is still what was seen. Where nobody waits under it any more, what it knows of
 * requests is kept as long as a run that is over.
 */
export function writeKey(
  { backend }: Engine,
  name: string,
  seen: string | undefined,
  state: KeyState,
): ReturnType<Engine['backend']['store']['writeNamed']> {
  const text = formatKeyState(state);
  return backend.store.writeNamed({
    name,
    ...(seen === undefined ? {} : { seen }),
    ...(text === undefined ? {} : { text }),
    ...(state.holder === undefined ? { unusedSince: backend.clock.now() } : {}),
  });
}

function keyTaken(key: string, { runId, stepId }: KeyHolder, holder: KeyHolder): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RESUME_KEY_TAKEN',
    `Step "${holder.stepId}" of run "${holder.runId}" waits under the resume key "${key}" already: resume or cancel it, or give each suspension a key of its own`,
    { details: { runId, stepId, key, holder: holder.runId } },
  );
}

/** Gives the keys up under which a record waited: it is resumed. */
export async function releaseRecord(
  engine: Engine,
  header: Pick<RunHeader, 'runId' | 'owner'>,
  { key, stepId, turn, owner = '', resumeKeys = [] }: StepRecord,
): Promise<void> {
  await releaseKeys(engine, header, { runId: header.runId, key, stepId, turn, owner }, resumeKeys);
}

/** Gives the keys up under which some of these records wait, and need not any more. */
export async function releaseRecords(
  engine: Engine,
  header: Pick<RunHeader, 'runId' | 'owner'>,
  records: readonly StepRecord[],
): Promise<void> {
  for (const record of records) {
    if (record.status === 'suspended') await releaseRecord(engine, header, record);
  }
}

async function releaseKeys(
  engine: Engine,
  { owner }: Pick<RunHeader, 'owner'>,
  holder: KeyHolder,
  keys: readonly string[],
): Promise<void> {
  const isOver = { holder: (one: KeyHolder) => isSameHolder(one, holder), request: () => false };
  // Most often nobody has asked for it by a request that can come again: then what is stored is known without reading it.
  for (const key of keys) await clearKey(engine, keyName(owner, key), isOver, formatKeyState({ holder }));
}

/** Takes a run that is being removed out of what is stored under its keys. */
export async function forgetRecords(
  engine: Engine,
  { runId, owner }: Pick<RunHeader, 'runId' | 'owner'>,
  records: readonly StepRecord[],
): Promise<void> {
  const isOurs = (one: KeyHolder): boolean => one.runId === runId;
  for (const key of new Set(records.flatMap(({ resumeKeys = [] }) => resumeKeys))) {
    const name = keyName(owner, key);
    const seen = await engine.backend.store.loadNamed(name);
    await clearKey(engine, name, { holder: isOurs, request: isOurs }, seen);
  }
}

/** Best effort: what stays bars nobody, since whoever wants the key asks its holder. */
async function clearKey(
  engine: Engine,
  name: string,
  isOver: Parameters<typeof withoutHolder>[1],
  likely: string | undefined,
): Promise<void> {
  try {
    for (let seen = likely; seen !== undefined; ) {
      const cleared = withoutHolder(parseKeyState(seen), isOver);
      if (formatKeyState(cleared) === seen) return;
      const write = await writeKey(engine, name, seen, cleared);
      if (write.won) return;
      seen = write.text;
    }
  } catch {
    // What it was done for is stored, and must not be taken for refused.
  }
}
