import { describe, test } from 'vitest';
import { type MemoryOptions, memoryBackend } from '../../src/adapters/memory/index.ts';
import {
  type ContractBackend,
  payloadStoreContract,
  runStoreContract,
} from '../../src/testing/contract/index.ts';

async function makeBackend(options?: MemoryOptions): Promise<ContractBackend> {
  const backend = memoryBackend(options);
  return { ...backend, dispose: () => backend.close() };
}

const memory = { describe, test, name: 'memory', makeBackend };
runStoreContract(memory);
payloadStoreContract(memory);

for (const segmentSize of [1, 3]) {
  runStoreContract({
    describe,
    test,
    name: `memory, segments of ${segmentSize}`,
    segmentSize,
    makeBackend: () => makeBackend({ segmentSize }),
  });
}
