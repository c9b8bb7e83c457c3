import type { OpenPlace } from '../../runtime/places.ts';
import type { VirtualClock } from '../../../src/testing/index.ts';

/** Set in a process that makes the calls of a test, where places are opened otherwise. */
export const role: { open?: (clock: VirtualClock | undefined) => OpenPlace } = {};
