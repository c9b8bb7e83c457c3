import { randomUUID } from 'node:crypto';
import type { IdSource } from '../../ports/id-source.ts';

/** UUIDs of version 4, from the system's cryptographic generator. */
export const uuidSource: IdSource = { unique: () => randomUUID() };
