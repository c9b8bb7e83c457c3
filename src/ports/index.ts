export type { Backend } from './backend.ts';
export type { Clock } from './clock.ts';
export type { EventBus, EventHandler, Timers, WorkSource } from './event-bus.ts';
export type { IdSource } from './id-source.ts';
export type { Metrics } from './metrics.ts';
export type { PayloadLink, PayloadLinks, PayloadStore } from './payload-store.ts';
export type * from './run-store.ts';
