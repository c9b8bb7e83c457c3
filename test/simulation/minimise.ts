import { type GraphSpec, shrinkSpec } from './workloads/index.ts';

/**
 * The smallest spec that is found to fail in the same way, by at most `most` further tries. `failure` resolves with what is
 * wrong with a spec, undefined when nothing is.
 */
export async function minimise(
  spec: GraphSpec,
  failure: (spec: GraphSpec) => Promise<string | undefined>,
  most = 300,
): Promise<GraphSpec> {
  let smallest = spec;
  let tries = 0;
  for (let isSmaller = true; isSmaller && tries < most; ) {
    isSmaller = false;
    for (const smaller of shrinkSpec(smallest)) {
      tries += 1;
      if (tries > most) break;
      if ((await failure(smaller)) === undefined) continue;
      smallest = smaller;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}
