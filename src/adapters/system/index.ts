export { nextTurn, systemClock } from './clock.ts';
export { uuidSource } from './ids.ts';
export { noMetrics } from './metrics.ts';
