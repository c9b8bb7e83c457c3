import { aloneCases } from './alone.ts';
import { blockCases } from './blocks.ts';
import type { StreamCase } from './case.ts';
import { stepCases } from './steps-alone.ts';

/** All cases. */
export const streamCases: readonly StreamCase[] = [...stepCases, ...aloneCases, ...blockCases];
