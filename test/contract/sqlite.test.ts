import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import {
  type ContractBackend,
  payloadStoreContract,
  queueContract,
  runStoreContract,
} from '../../src/testing/index.ts';

/** A backend on `file`, as each further process has one. */
function backendOn(file: string): ContractBackend {
  const backend = sqliteBackend({ file });
  return { ...backend, attach: async () => backendOn(file), dispose: () => backend.close() };
}

/** A backend on a file of its own, which goes with it. */
async function makeBackend(): Promise<ContractBackend> {
  const directory = mkdtempSync(join(tmpdir(), 'workflow-contract-'));
  const backend = backendOn(join(directory, 'runs.db'));
  const dispose = async (): Promise<void> => {
    await backend.dispose();
    rmSync(directory, { recursive: true });
  };
  return { ...backend, dispose };
}

const sqlite = { describe, test, name: 'SQLite', makeBackend };
runStoreContract(sqlite);
payloadStoreContract(sqlite);
// In real time only: virtual time that is let pass by the year meets the poll of every 20 ms.
queueContract(sqlite);
