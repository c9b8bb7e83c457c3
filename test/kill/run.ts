import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CampaignReport, Laboratory } from './campaign.ts';
import { summaryOf, tableOf, tooFew } from './report.ts';

/**
 * Kills processes that work on SQLite files, for as long as it is told to, and prints where each kill fell. Fails when
 * anything is lost or done twice, or when a phase got fewer kills than `--each`.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    each: { type: 'string', default: '0' },
    json: { type: 'string' },
  },
});
const began = performance.now();
const seconds = (): string => `${Math.round((performance.now() - began) / 1000)} s`;
const laboratory = await Laboratory.open();
let report: CampaignReport;
try {
  report = await laboratory.run({
    seed: Number(values.seed),
    kills:
      values.kills === undefined && values.minutes === undefined ? 200 : Number(values.kills ?? Infinity),
    milliseconds: Number(values.minutes ?? Infinity) * 60_000,
    onFile: ({ kills, violations }) =>
      console.log(`${kills.length} kills, ${violations.length} violations, ${seconds()}`),
  });
} finally {
  await laboratory.close();
}
console.log(`\n${tableOf(report)}\n  ${seconds()}`);
const missed = tooFew(report.kills, Number(values.each));
if (missed.length > 0) console.log(`  fewer than ${values.each} kills fell in: ${missed.join(', ')}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summaryOf(report), null, 2)}\n`);
process.exitCode = report.violations.length === 0 && missed.length === 0 ? 0 : 1;
