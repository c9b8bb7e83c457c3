import { prices } from '../../src/adapters/aws/prices.ts';
import { dollarsOf, type Usage } from '../../src/adapters/aws/usage.ts';

/** What a canary costs, about: us-east-1, on demand, without free tiers. */

/** One line of it. */
interface Item {
  readonly what: string;
  readonly amount: number;
  readonly unit: string;
  readonly dollars: number;
}

/**
 * What the runs of a canary use: rounded up from what they were charged with on the emulator, where the meter in the clients
 * counts requests and sizes of items as AWS bills them. `after/used.test.ts` adds it up anew after each suite and each canary, and
 * fails when it is more than this, but for the time (`gbMs`), which is that of the machine.
 */
export const usedByRuns: Usage = {
  entries: 3_000,
  requests: 4_000,
  invocations: 2_000,
  gbMs: 600_000,
  writeUnits: 6_000,
  readUnits: 4_000,
  objectWrites: 400,
  objectReads: 100,
  schedules: 10,
  bytes: 150e6,
};

/** What is there as long as the stacks are, which is taken to be an hour. */
export const standing = {
  stacks: 3,
  hours: 1,
  /** Of a stack: queues whose messages a function takes. */
  polledQueues: 5,
  /** Of a stack, at most. */
  alarms: 40,
  /** What the engine counts, of a stack in which everything happens. */
  metrics: 20,
} as const;

const stackHours = standing.stacks * standing.hours;

/** Receives of one queue in an hour: Lambda asks by five pollers, each of which waits for 20 s (Lambda developer guide, SQS). */
const receives = (5 * 3_600) / 20;

/** What one sweep does: it asks each partition of its index, at half a read unit at least. */
const sweep = { queries: 16, seconds: 0.5 };
const sweeps = stackHours * 60;

/** Calls of the API, most of them by tests that ask until something is there. Each is an invocation of up to 60 ms, and a read. */
const calls = 5_000;

/** List prices of what no run is charged with, November 2026: API Gateway, CloudWatch, Cognito. */
const otherPrices = {
  call: 1e-6,
  alarmHour: 0.1 / 730,
  metricHour: 0.3 / 730,
  dashboardHour: 3 / 730,
  logGb: 0.5,
  user: 0.015,
} as const;

const items: readonly Item[] = [
  { what: 'Runs', amount: usedByRuns.entries, unit: 'events', dollars: dollarsOf(usedByRuns) },
  {
    what: 'API, with its function',
    amount: calls,
    unit: 'calls',
    dollars: calls * (otherPrices.call + prices.invocation + 0.06 * 0.5 * prices.gbSecond + prices.readUnit),
  },
  {
    what: 'Pollers of the queues',
    amount: stackHours * standing.polledQueues * receives,
    unit: 'requests',
    dollars: stackHours * standing.polledQueues * receives * prices.request,
  },
  {
    what: 'Sweepers',
    amount: sweeps,
    unit: 'calls',
    dollars:
      sweeps *
      (prices.invocation + sweep.seconds * 0.5 * prices.gbSecond + sweep.queries * 0.5 * prices.readUnit),
  },
  {
    what: 'CloudWatch alarms',
    amount: stackHours * standing.alarms,
    unit: 'hours',
    dollars: stackHours * standing.alarms * otherPrices.alarmHour,
  },
  {
    what: 'CloudWatch metrics',
    amount: stackHours * standing.metrics,
    unit: 'hours',
    dollars: stackHours * standing.metrics * otherPrices.metricHour,
  },
  {
    what: 'CloudWatch dashboards',
    amount: stackHours,
    unit: 'hours',
    dollars: stackHours * otherPrices.dashboardHour,
  },
  { what: 'CloudWatch logs', amount: 0.1, unit: 'GB', dollars: 0.1 * otherPrices.logGb },
  { what: 'Cognito', amount: 2, unit: 'users', dollars: 2 * otherPrices.user },
];

/** Dollars of a canary that is destroyed within the hour. */
export function estimate(): number {
  return items.reduce((sum, { dollars }) => sum + dollars, 0);
}

/** The estimate as text, a line for each item. */
export function estimateLines(): string[] {
  const line = ({ what, amount, unit, dollars }: Item) =>
    `  ${what.padEnd(24)}${amount.toLocaleString('en').padStart(9)} ${unit.padEnd(12)} $${dollars.toFixed(4)}`;
  return [
    'It deploys three stacks, runs for about ten minutes, and removes them. On-demand prices of us-east-1:',
    ...items.map(line),
    `  about $${estimate().toFixed(2)}; ten times as much is no reason to wonder, a hundred times is.`,
  ];
}
