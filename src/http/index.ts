/** The HTTP API over a runtime, for any place that speaks `fetch`. */
export { createHttpApp, type HttpApp, type HttpAppOptions } from './app.ts';
export { type BodyLimits, defaultBodyLimits } from './json-body.ts';
export {
  httpErrorStatus,
  problem,
  type Problem,
  type ProblemCode,
  problemOf,
  problemResponse,
} from './problem.ts';
export { httpRoutes, type Route } from './routes.ts';
export { type JsonValue, toWire, wireDepth } from './wire.ts';
