import { callbackCases, snapshotCases } from './callback-cases.ts';
import { chunkCases } from './chunk-cases.ts';
import { claimCases } from './claim-cases.ts';
import { commitCases } from './commit-cases.ts';
import { restartCases, travelCases } from './epoch-cases.ts';
import { endCases, startCases, statusCases } from './header-cases.ts';
import { idCases } from './id-cases.ts';
import { cellCases, itemCases, pageCases } from './item-cases.ts';
import { appendCases, closeCases, openCases } from './join-cases.ts';
import { listCases } from './list-cases.ts';
import { logCases } from './log-cases.ts';
import { loopCases, sleepCases } from './loop-cases.ts';
import { childCases, followCases, nestCases } from './nest-cases.ts';
import { payloadCases } from './payload-cases.ts';
import { namedCases } from './named-cases.ts';
import { parkingCases } from './parking-cases.ts';
import { readCases } from './read-cases.ts';
import { removalCases } from './removal-cases.ts';
import { requestCases } from './request-cases.ts';
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
    'requests that can come twice': requestCases,
    'texts that belong to no run': namedCases,
    'opening joins': openCases,
    'appending to joins': appendCases,
    'closing blocks': closeCases,
    'items of a foreach': itemCases,
    'pages of a foreach': pageCases,
    'what members of a block changed': cellCases,
    'starting nested runs': childCases,
    'records of nested runs': nestCases,
    'following nested runs': followCases,
    'time travels': travelCases,
    restarts: restartCases,
    'parked runs': parkingCases,
    callbacks: callbackCases,
    'snapshots that are shown': snapshotCases,
    'the log of a run': logCases,
    'chunks and reading a log': chunkCases,
    'removing runs': removalCases,
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
