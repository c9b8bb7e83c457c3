export { queueContract } from './queues.ts';
export { payloadStoreContract, runStoreContract } from './stores.ts';
export type { ContractBackend, ContractOptions, TestFunctions } from './suite.ts';
