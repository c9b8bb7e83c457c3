/** What a canary asks of a service, about, and at which price. */
interface Item {
  readonly what: string;
  readonly amount: number;
  readonly unit: string;
  /** Dollars for `per` units: us-east-1, on demand, without free tiers (the services' pricing pages, November 2026). */
  readonly dollars: number;
  readonly per: number;
}

/**
 * Rounded up from what a run of the suite on an emulator counted, and an hour of everything that costs by time. Most of the
 * work are the 200 runs at once.
 */
const items: readonly Item[] = [
  { what: 'Lambda, 512 MB arm', amount: 600, unit: 'GB-seconds', dollars: 13.33, per: 1_000_000 },
  { what: 'Lambda', amount: 10_000, unit: 'requests', dollars: 0.2, per: 1_000_000 },
  { what: 'API Gateway', amount: 10_000, unit: 'requests', dollars: 1, per: 1_000_000 },
  { what: 'EventBridge', amount: 10_000, unit: 'events', dollars: 1, per: 1_000_000 },
  { what: 'SQS', amount: 100_000, unit: 'requests', dollars: 0.4, per: 1_000_000 },
  { what: 'DynamoDB', amount: 50_000, unit: 'write units', dollars: 0.625, per: 1_000_000 },
  { what: 'DynamoDB', amount: 100_000, unit: 'read units', dollars: 0.125, per: 1_000_000 },
  { what: 'S3', amount: 1_000, unit: 'writes', dollars: 5, per: 1_000_000 },
  { what: 'CloudWatch logs', amount: 0.1, unit: 'GB', dollars: 0.5, per: 1 },
  { what: 'Cognito', amount: 2, unit: 'users', dollars: 0.015, per: 1 },
  { what: 'CloudWatch alarms', amount: 60, unit: 'hours', dollars: 0.1, per: 730 },
  { what: 'CloudWatch dashboards', amount: 3, unit: 'hours', dollars: 3, per: 730 },
];

/** Dollars of one item. */
function costOf({ amount, dollars, per }: Item): number {
  return (amount / per) * dollars;
}

/** Dollars of a canary that is destroyed within the hour. */
export function estimate(): number {
  return items.reduce((sum, item) => sum + costOf(item), 0);
}

/** The estimate as text, a line for each item. */
export function estimateLines(): string[] {
  const line = (item: Item) => {
    const amount = item.amount.toLocaleString('en');
    return `  ${item.what.padEnd(24)}${amount.padStart(9)} ${item.unit.padEnd(12)} $${costOf(item).toFixed(4)}`;
  };
  return [
    'It deploys three stacks, runs for about ten minutes, and removes them. On-demand prices of us-east-1:',
    ...items.map(line),
    `  about $${estimate().toFixed(2)}; ten times as much is no reason to wonder, a hundred times is.`,
  ];
}
