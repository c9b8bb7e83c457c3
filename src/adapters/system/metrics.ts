import type { Metrics } from '../../ports/metrics.ts';

/** Counts nothing: the default where nobody asked for numbers. */
export const noMetrics: Metrics = { count: () => {} };
