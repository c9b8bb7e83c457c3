import type { IdSource } from '../ports/id-source.ts';

/**
 * Ids that count up and look like UUIDs, so that a test is the same each time: `00000001-0000-4000-8000-000000000001` is
 * the first one of series 1. Sources of different `series` (0 to 99,999,999, default 1) never give the same id.
 */
export function sequenceIds(options: { readonly series?: number } = {}): IdSource {
  const head = String(options.series ?? 1).padStart(8, '0');
  let count = 0;
  return {
    unique: () => {
      count += 1;
      return `${head}-0000-4000-8000-${String(count).padStart(12, '0')}`;
    },
  };
}
