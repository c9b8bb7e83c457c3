export { type SqliteBackend, sqliteBackend, type SqliteOptions } from './backend.ts';
