import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import {
  type ContractBackend,
  type ContractOptions,
  payloadStoreContract,
  runStoreContract,
} from '../../src/testing/contract/index.ts';

const options: ContractOptions = {
  describe,
  test,
  name: 'SQLite',
  makeBackend: async (): Promise<ContractBackend> => {
    const directory = mkdtempSync(join(tmpdir(), 'workflow-contract-'));
    const backend = sqliteBackend({ file: join(directory, 'runs.db') });
    const dispose = async (): Promise<void> => {
      await backend.close();
      rmSync(directory, { recursive: true });
    };
    return { ...backend, dispose };
  },
};

runStoreContract(options);
payloadStoreContract(options);
