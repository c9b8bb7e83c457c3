import type { Context } from 'aws-lambda';
import { vi } from 'vitest';

/** A line that a function wrote. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Keeps what is written to the log from here to the end of the test, and gives it back parsed. */
export function captureLog(): () => readonly LogLine[] {
  const texts: string[] = [];
  const write = (text: unknown): boolean => texts.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  return () => texts.map((text) => JSON.parse(text) as LogLine);
}

/** Without what Node 24 calls no more. */
const live: Omit<Context, 'done' | 'fail' | 'succeed'> = {
  awsRequestId: 'request-1',
  functionName: 'processor',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:processor',
  memoryLimitInMB: '512',
  logGroupName: 'group',
  logStreamName: 'stream',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => 1_000,
};

/** What Lambda hands a function beside the event. */
export const context = live as Context;
