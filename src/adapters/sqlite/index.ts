/** The place for one machine: runs, values, work and timers in one SQLite file, by `node:sqlite`. Processes can share it. */
export { type SqliteBackend, sqliteBackend, type SqliteOptions } from './backend.ts';
