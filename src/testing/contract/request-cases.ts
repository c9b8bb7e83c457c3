import { deepStrictEqual, equal } from 'node:assert/strict';
import type { RequestDecision } from '../../ports/index.ts';
import { won } from './compare.ts';
import { type RunFixture, T0, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

function decision(run: RunFixture, more: Partial<RequestDecision> = {}): RequestDecision {
  return { runId: run.runId, request: 'request', decision: value('first'), now: T0, ...more };
}

/** decideRequest. */
export const requestCases: readonly ContractCase<RunFixture>[] = [
  [
    'what a request was found to mean first stays so',
    async (run) => {
      await run.start();
      deepStrictEqual(won(await run.store.decideRequest(decision(run))), value('first'));
      const again = await run.store.decideRequest(decision(run, { decision: value('second'), now: T0 + 1 }));
      deepStrictEqual(again, { won: false, image: value('first') });
    },
  ],
  [
    'of several that decide at the same time one wins, and all learn what it decided',
    async (run) => {
      await run.start();
      const decided = await Promise.all(
        ['a', 'b', 'c'].map((name) => run.store.decideRequest(decision(run, { decision: value(name) }))),
      );
      equal(decided.filter((write) => write.won).length, 1);
      equal(new Set(decided.map(({ image }) => JSON.stringify(image))).size, 1);
    },
  ],
  [
    'requests with other ids, and those about other runs, are others',
    async (run) => {
      await run.start();
      const other = `${run.runId}#`;
      await run.start({ runId: other });
      won(await run.store.decideRequest(decision(run)));
      won(await run.store.decideRequest(decision(run, { request: 'request ' })));
      won(await run.store.decideRequest(decision(run, { runId: other })));
      won(await run.store.decideRequest(decision(run, { request: '#'.repeat(200) })));
      won(await run.store.decideRequest(decision(run, { request: '\u{1f419}\uD800' })));
    },
  ],
  [
    'nothing of it is seen of the run, and it goes with the run',
    async (run) => {
      await run.start();
      const before = await run.store.loadRun(run.runId);
      won(await run.store.decideRequest(decision(run)));
      deepStrictEqual(await run.store.loadRun(run.runId), before);
      await run.store.removeRun(run.runId);
      deepStrictEqual(
        won(await run.store.decideRequest(decision(run, { decision: value('new') }))),
        value('new'),
      );
    },
  ],
];
