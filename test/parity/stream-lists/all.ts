import { aloneCases } from './alone.ts';
import { blockCases } from './blocks.ts';
import type { StreamCase } from './case.ts';
import { endsInBlocksCases } from './ends-in-blocks.ts';
import { foreachCases } from './foreach.ts';
import { loopCases } from './loops.ts';
import { nestedCases } from './nested.ts';
import { nestedInBlocksCases } from './nested-in-blocks.ts';
import { stepCases } from './steps-alone.ts';

/** All cases. */
export const streamCases: readonly StreamCase[] = [
  ...stepCases,
  ...aloneCases,
  ...blockCases,
  ...loopCases,
  ...foreachCases,
  ...nestedCases,
  ...nestedInBlocksCases,
  ...endsInBlocksCases,
];
