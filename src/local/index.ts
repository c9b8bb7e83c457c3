/** The embedded server: the runtime, SQLite and the HTTP API in one process. */
export type { LocalServer } from './serve.ts';
export { defaultPort, type LocalServerOptions, startLocalServer } from './server.ts';
