import type { CampaignReport, Kill } from './campaign.ts';
import { type Place, placeOf, places, phases } from './points.ts';

/** Kills that fell in one place. */
export interface PlaceCounts {
  /** At a drawn point of it. */
  readonly points: number;
  /** At a drawn moment that fell in it. */
  readonly moments: number;
  /** Handlings that were in this phase when any kill came. */
  readonly handlings: number;
}

/** Counts the kills of a campaign by where they fell. */
function countsOf(kills: readonly Kill[]): Readonly<Record<Place, PlaceCounts>> {
  const counts = places.map((place): [Place, PlaceCounts] => [
    place,
    {
      points: kills.filter(({ point }) => point !== undefined && placeOf(point) === place).length,
      moments: kills.filter(({ point, death }) => point === undefined && death.place === place).length,
      handlings: kills.reduce(
        (sum, { death }) => sum + (place in death.inFlight ? death.inFlight[place as never] : 0),
        0,
      ),
    },
  ]);
  return Object.fromEntries(counts) as Record<Place, PlaceCounts>;
}

/** Phases in which fewer than `least` kills fell. */
export function tooFew(kills: readonly Kill[], least: number): string[] {
  const counts = countsOf(kills);
  return phases.filter((phase) => counts[phase].points + counts[phase].moments < least);
}

/** What a campaign came to, for a document that is made from it. */
export function summaryOf(report: CampaignReport) {
  const { kills, ...figures } = report;
  return {
    ...figures,
    kills: kills.length,
    places: countsOf(kills),
    insideCommit: kills.filter(
      ({ point, death }) => death.isCommitting && (point === undefined || point === 'commit.inside'),
    ).length,
  };
}

/** The same for people. */
export function tableOf(report: CampaignReport): string {
  const { kills, places: counts, insideCommit, ...figures } = summaryOf(report);
  const row = (name: string, ...values: (string | number)[]): string =>
    `  ${name.padEnd(10)}${values.map((value) => String(value).padStart(12)).join('')}`;
  const sum = (key: keyof PlaceCounts): number => places.reduce((all, place) => all + counts[place][key], 0);
  return [
    `${kills} kills with kill -9 (seed ${figures.seed}), on ${figures.files} files`,
    '',
    row('fell in', 'at points', 'at moments', 'both', 'in flight'),
    ...places.map((place) => {
      const { points, moments, handlings } = counts[place];
      return row(place, points, moments, points + moments, handlings);
    }),
    row('all', sum('points'), sum('moments'), kills, sum('handlings')),
    '',
    `  within a COMMIT statement itself: ${insideCommit}`,
    `  lives that were over before their kill came: ${figures.survivors}`,
    `  runs: ${figures.runs}, executions of steps: ${figures.executions}, begun again after a kill: ${figures.repeated}`,
    `  violations: ${figures.violations.length}`,
    ...figures.violations.map((violation) => `    ${violation}`),
  ].join('\n');
}
