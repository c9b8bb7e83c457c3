import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Laboratory } from './campaign.ts';
import type { Fault } from './faults.ts';
import type { Point } from './points.ts';
import { tooFew } from './report.ts';

/** Kills for as long as a test may take; `.ci/run` and `npm run soak` kill more often. */
let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
}, 60_000);
afterAll(() => laboratory.close());

test('of a process that is killed 25 times nothing is lost, and nothing that had ended is executed again', async () => {
  const report = await laboratory.run({ seed: 1, kills: 25 });
  expect(report.violations).toEqual([]);
  expect(report.kills).toHaveLength(25);
  // Half of the kills are at points, which are dealt to the phases in turn.
  expect(tooFew(report.kills, 2)).toEqual([]);
  // All of this would pass if a kill never cut anything off.
  expect(report.repeated).toBeGreaterThan(0);
}, 120_000);

describe('a place that breaks its promises is found out', () => {
  /** What is lost shows when the last life gets stuck; the rest right after the kill that brings it to light. */
  const mistakes: readonly (readonly [Fault, Point, kills: number, found: RegExp])[] = [
    ['early-acknowledgement', 'execute.claimed', 2, /is lost: nothing is left to bring it on/],
    ['late-publication', 'commit.committed', 2, /is lost: nothing is left to bring it on/],
    ['late-repetition', 'commit.committed', 1, /a message or lease is left/],
    ['early-claim', 'execute.started', 8, /began, and its claim was not on the disk/],
    ['early-answer', 'call.told', 8, /is not there/],
    ['claim-of-the-finished', 'commit.committed', 8, /began again, and its end was on the disk/],
  ];

  test.each(mistakes)(
    '%s',
    async (fault, point, kills, found) => {
      const report = await laboratory.run({ seed: 1, kills, points: [point], pointsOnly: true, fault });
      expect(report.violations).toContainEqual(expect.stringMatching(found));
    },
    60_000,
  );

  test('and one that acknowledges late breaks none', async () => {
    const points = ['commit.committed'] as const;
    const fault = 'late-acknowledgement';
    const report = await laboratory.run({ seed: 1, kills: 2, points, pointsOnly: true, fault });
    // An event that comes again while its step runs looks for it later, and finds nothing to do: that is all that is left.
    const broken = report.violations.filter((violation) => !violation.includes('a message or lease is left'));
    expect(broken).toEqual([]);
  }, 60_000);
});
