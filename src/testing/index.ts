/**
 * For tests: time that passes when it is told to, ids that count up, a place in memory with both, and the contracts that
 * every adapter has to pass. Nothing here imports a test framework.
 */
export {
  type ContractBackend,
  type ContractOptions,
  payloadStoreContract,
  queueContract,
  runStoreContract,
  type TestFunctions,
} from './contract/index.ts';
export { memoryWithVirtualTime } from './memory-with-virtual-time.ts';
export { sequenceIds } from './sequence-ids.ts';
export { type VirtualClock, virtualClock } from './virtual-clock.ts';
