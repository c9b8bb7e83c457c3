/**
 * The simplest that still fails, of those that are a step simpler each, within `tries` tries. It may fail in another way than the
 * first one: what is simplest to understand is what helps.
 */
export async function minimise<T>(
  failing: T,
  simpler: (failing: T) => Iterable<T>,
  fails: (candidate: T) => Promise<boolean>,
  tries = 300,
): Promise<T> {
  let simplest = failing;
  let left = tries;
  for (let isSimpler = true; isSimpler && left > 0; ) {
    isSimpler = false;
    for (const candidate of simpler(simplest)) {
      left -= 1;
      if (left < 0) break;
      if (!(await fails(candidate))) continue;
      simplest = candidate;
      isSimpler = true;
      break;
    }
  }
  return simplest;
}
