/**
 * Everything in memory, with real or virtual time: for unit tests and simulation, and behind a workflow that no runtime was
 * made for. Nothing survives the process.
 */
export type { Delivery } from './queue.ts';
export {
  type MemoryBackend,
  memoryBackend,
  type MemoryOptions,
  type MemoryPlace,
  memoryPlace,
} from './place.ts';
