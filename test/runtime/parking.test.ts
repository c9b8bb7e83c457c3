import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import type { ParkingPlace } from './parking-bench.ts';
import { parkingMatrix } from './parking-matrix.ts';

const places: readonly ParkingPlace[] = [
  {
    name: 'memory',
    open: (clock) => {
      const place = memoryPlace({ clock });
      return { attach: () => place.attach(), remove: () => {} };
    },
  },
  {
    name: 'SQLite, opened anew',
    open: (clock) => {
      const folder = mkdtempSync(join(tmpdir(), 'parking-'));
      const file = join(folder, 'runs.db');
      return {
        attach: () => sqliteBackend({ file, clock }),
        remove: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  },
];

places.forEach(parkingMatrix);
