import { describe, test } from 'vitest';
import { type MemoryBackend, memoryBackend, type MemoryOptions } from '../../src/adapters/memory/index.ts';
import {
  type ContractBackend,
  memoryWithVirtualTime,
  payloadStoreContract,
  queueContract,
  runStoreContract,
} from '../../src/testing/index.ts';

function contractBackend(backend: MemoryBackend): ContractBackend {
  return {
    ...backend,
    dispose: () => backend.close(),
    attach: async () => contractBackend(backend.share()),
  };
}

function memory(name: string, options: MemoryOptions = {}) {
  return { describe, test, name, makeBackend: async () => contractBackend(memoryBackend(options)) };
}

runStoreContract(memory('memory'));
for (const segmentSize of [1, 3]) {
  runStoreContract({ ...memory(`memory, segments of ${segmentSize}`, { segmentSize }), segmentSize });
}
payloadStoreContract(memory('memory'));
queueContract(memory('memory in real time'));
queueContract({
  ...memory('memory in virtual time'),
  makeBackend: async () => {
    const { clock, backend } = memoryWithVirtualTime();
    return { ...contractBackend(backend), advance: (ms) => clock.advance(ms) };
  },
});
