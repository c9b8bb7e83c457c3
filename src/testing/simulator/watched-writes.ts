import type { RunStore } from '../../ports/index.ts';
import { loggedHeaderWrites, loggedRecordWrites } from '../../runtime/signalling-store.ts';

/** Writes whose image is a header. */
export const headerWrites: ReadonlySet<keyof RunStore> = new Set([
  ...loggedHeaderWrites,
  'claimCallback',
  'finishCallback',
  'showSnapshot',
  'setSweep',
  'park',
  'unpark',
]);
/** Writes whose image is a record. */
export const recordWrites: ReadonlySet<keyof RunStore> = new Set([
  ...loggedRecordWrites,
  'takeOver',
  'renew',
  'voidLease',
]);
