/**
 * List prices in dollars: us-east-1, on demand, without free tiers and volume discounts, of November 2026. Sources:
 * https://aws.amazon.com/eventbridge/pricing/, https://aws.amazon.com/sqs/pricing/, https://aws.amazon.com/lambda/pricing/,
 * https://aws.amazon.com/dynamodb/pricing/on-demand/, https://aws.amazon.com/s3/pricing/.
 */
export const prices = {
  /** A custom event put on the bus, for each started 64 KB. What the rules deliver to a queue of the account is free. */
  entry: 1e-6,
  /** A request to a standard queue, for each started 64 KB. */
  request: 0.4e-6,
  invocation: 0.2e-6,
  /** A GB-second of an arm64 function. */
  gbSecond: 13.3334e-6,
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  /** A PUT, COPY, POST or LIST of S3 Standard; deletions are free. */
  objectWrite: 5e-6,
  /** A GET of S3 Standard. */
  objectRead: 0.4e-6,
  /** An invocation by EventBridge Scheduler; making and deleting a schedule is free. */
  schedule: 1e-6,
} as const;

/** What is billed by the started chunk of so many bytes: entries of EventBridge and requests of SQS. */
const chunkBytes = 65_536;

/** Chunks that `bytes` are billed as. */
export function chunksOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / chunkBytes));
}
