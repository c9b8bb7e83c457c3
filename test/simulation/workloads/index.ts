/** Random workloads: drawn by a seed, built through the public door, made smaller when one fails, and drawn as text. */
export { buildWorkload, type Workload } from './build.ts';
export { changedSpec, type GraphChange, randomChange } from './graph-change.ts';
export { randomSpec } from './random-spec.ts';
export { renderSpec } from './render.ts';
export { withInnerTime } from './trouble.ts';
export { shrinkSpec } from './shrink.ts';
export { bodiesOf, entryCount, type GraphSpec } from './spec.ts';
