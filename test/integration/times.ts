/** What the suites deploy, and what their tests wait for. */
export const times = {
  /** Longest that the processing of one event may take, in seconds. A step gets 10 s less, of which a cold start takes some. */
  timeoutSeconds: 25,
  leaseSeconds: 3,
  /** A message whose worker was killed comes back after this many seconds: SQS refuses a mapping with less than the timeout. */
  visibilitySeconds: 27,
  /** By this visibility, in seconds, the construct's queues of dead letters are known. */
  deadLetterSeconds: 360,
  /** Deliveries before a message is a dead letter. */
  deliveries: 3,
  /** Events that are processed at once: each is a process, and the machine may have two cores. */
  concurrency: 8,
} as const;
