import { claimCases } from './claim-cases.ts';
import { commitCases } from './commit-cases.ts';
import { endCases, startCases, statusCases } from './header-cases.ts';
import { idCases } from './id-cases.ts';
import { appendCases, closeCases, openCases } from './join-cases.ts';
import { listCases } from './list-cases.ts';
import { loopCases, sleepCases } from './loop-cases.ts';
import { payloadCases } from './payload-cases.ts';
import { readCases } from './read-cases.ts';
import { resumeCases } from './resume-cases.ts';
import { RunFixture } from './run-fixture.ts';
import { sweepCases } from './sweep-cases.ts';
import { type ContractOptions, registerCases } from './suite.ts';
import { limits } from '../../core/limits.ts';

/** Registers the tests that every `RunStore` has to pass. */
export function runStoreContract(options: ContractOptions): void {
  const segmentSize = options.segmentSize ?? limits.segmentTokens;
  const groups = {
    'creating and starting runs': startCases,
    'the status of a run': statusCases,
    'ending and canceling runs': endCases,
    'claims and leases': claimCases,
    'outcomes of steps': commitCases,
    'iterations of loops': loopCases,
    sleeps: sleepCases,
    resuming: resumeCases,
    'opening joins': openCases,
    'appending to joins': appendCases,
    'closing blocks': closeCases,
    reading: readCases,
    'listing runs': listCases,
    sweeping: sweepCases,
    ids: idCases,
  };
  for (const [group, cases] of Object.entries(groups)) {
    registerCases(options, group, cases, (backend) => new RunFixture(backend, segmentSize));
  }
}

/** Registers the tests that every `PayloadStore` has to pass. */
export function payloadStoreContract(options: ContractOptions): void {
  registerCases(options, 'payloads', payloadCases, (backend) => backend);
}
