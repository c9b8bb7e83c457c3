import { deepStrictEqual, equal } from 'node:assert/strict';
import type { RunFixture } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

/** loadNamed, writeNamed. */
export const namedCases: readonly ContractCase<RunFixture>[] = [
  [
    'a text is there from its write on, and no longer once it is removed',
    async ({ store, runId: name }) => {
      equal(await store.loadNamed(name), undefined);
      deepStrictEqual(await store.writeNamed({ name, text: 'one' }), { won: true, text: 'one' });
      equal(await store.loadNamed(name), 'one');
      deepStrictEqual(await store.writeNamed({ name, seen: 'one', text: 'two' }), { won: true, text: 'two' });
      deepStrictEqual(await store.writeNamed({ name, seen: 'two' }), { won: true });
      equal(await store.loadNamed(name), undefined);
    },
  ],
  [
    'whoever saw something else writes nothing, and learns what is there',
    async ({ store, runId: name }) => {
      deepStrictEqual(await store.writeNamed({ name, seen: 'one', text: 'two' }), { won: false });
      await store.writeNamed({ name, text: 'one' });
      const lost = { won: false, text: 'one' };
      deepStrictEqual(await store.writeNamed({ name, text: 'two' }), lost);
      deepStrictEqual(await store.writeNamed({ name, seen: 'two', text: 'three' }), lost);
      deepStrictEqual(await store.writeNamed({ name, seen: 'two' }), lost);
      equal(await store.loadNamed(name), 'one');
    },
  ],
  [
    'a write that comes again wins again',
    async ({ store, runId: name }) => {
      for (let time = 0; time < 2; time += 1) {
        deepStrictEqual(await store.writeNamed({ name, text: 'one' }), { won: true, text: 'one' });
      }
      for (let time = 0; time < 2; time += 1) {
        deepStrictEqual(await store.writeNamed({ name, seen: 'one', text: 'two' }), {
          won: true,
          text: 'two',
        });
      }
      for (let time = 0; time < 2; time += 1) {
        deepStrictEqual(await store.writeNamed({ name, seen: 'two' }), { won: true });
      }
    },
  ],
  [
    'a text that no run needs is there until a place may remove it, and stays once it is written again',
    async ({ store, runId: name }) => {
      const unusedSince = Date.UTC(2026, 0, 1);
      for (let time = 0; time < 2; time += 1) {
        deepStrictEqual(await store.writeNamed({ name, text: 'one', unusedSince }), {
          won: true,
          text: 'one',
        });
      }
      equal(await store.loadNamed(name), 'one');
      deepStrictEqual(await store.writeNamed({ name, seen: 'one', text: 'two' }), { won: true, text: 'two' });
      equal(await store.loadNamed(name), 'two');
    },
  ],
  [
    'of several that want something else at the same time one wins',
    async ({ store, runId: name }) => {
      const first = await Promise.all(['a', 'b', 'c'].map((text) => store.writeNamed({ name, text })));
      equal(first.filter(({ won }) => won).length, 1);
      equal(new Set(first.map(({ text }) => text)).size, 1);
      const seen = first[0]?.text ?? '';
      const next = await Promise.all(['d', 'e'].map((text) => store.writeNamed({ name, seen, text })));
      equal(next.filter(({ won }) => won).length, 1);
    },
  ],
  [
    'names that look alike are apart, and a text may be long',
    async ({ store, runId }) => {
      const names = [runId, `${runId}#`, `${runId}%23`, `${runId} `, `${runId}\u{1f419}\uD800`];
      const texts = names.map((name, at) => `${at}${name.toWellFormed()}`.padEnd(100_000, 'x'));
      for (const [at, name] of names.entries()) await store.writeNamed({ name, text: texts[at] ?? '' });
      for (const [at, name] of names.entries()) equal(await store.loadNamed(name), texts[at]);
      await store.writeNamed({ name: runId, seen: texts[0] ?? '' });
      equal(await store.loadNamed(names[1] ?? ''), texts[1]);
    },
  ],
  [
    'it is no run, and of none',
    async (run) => {
      await run.start();
      await run.store.writeNamed({ name: run.runId, text: 'one' });
      await run.store.removeRun(run.runId);
      equal(await run.store.loadNamed(run.runId), 'one');
      equal(await run.store.loadHeader(run.runId), undefined);
    },
  ],
];
