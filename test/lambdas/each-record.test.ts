import { beforeEach, describe, expect, test } from 'vitest';
import { eachRecord } from '../../lambdas/each-record.ts';
import { logger, observed } from '../../lambdas/observability.ts';
import { batch } from './batch.ts';
import { captureLog, context, type LogLine } from './log.ts';

let written: () => readonly LogLine[];

beforeEach(() => {
  written = captureLog();
});

describe('a batch', () => {
  test('that is handled comes not again', async () => {
    const seen: string[] = [];
    const answer = await eachRecord(batch('a', 'b'), async ({ record: { body } }) => void seen.push(body));
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual(['a', 'b']);
    expect(written()).toEqual([]);
  });

  test('names those that failed, by a rejection or a throw, and no others', async () => {
    const answer = await eachRecord(batch('a', 'throw', 'b', 'reject'), ({ record: { body } }) => {
      if (body === 'throw') throw new Error('unreadable');
      return body === 'reject' ? Promise.reject(new Error('unavailable')) : Promise.resolve();
    });
    expect(answer).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-1' }, { itemIdentifier: 'message-3' }],
    });
  });

  test('says which message failed, how often it came, and why', async () => {
    const reason = new Error('unavailable');
    await eachRecord(batch('a'), () => Promise.reject(reason));
    expect(written()).toMatchObject([
      {
        level: 'ERROR',
        messageId: 'message-0',
        receiveCount: 2,
        error: { name: 'Error' },
      },
    ]);
  });

  test('says which invocation it was, whatever a request calls itself, and none of its values', async () => {
    const body = JSON.stringify({
      source: 'shop',
      'detail-type': 'workflow.start',
      detail: { type: 'card', requestId: 'theirs', path: [4, 2, 4, 2], inputData: { card: 4242 } },
    });
    const handler = observed(() =>
      eachRecord(batch(body), () => {
        logger.info('It was seen.');
        return Promise.reject(new Error('unavailable'));
      }),
    );
    await handler(undefined, context);
    const lines = written().filter(({ level }) => level !== undefined);
    expect(lines.map(({ level }) => level)).toEqual(['INFO', 'ERROR']);
    for (const line of lines) {
      expect(line).toMatchObject({
        requestId: 'request-1',
        eventRequestId: 'theirs',
        type: 'workflow.start',
        messageId: 'message-0',
      });
      expect(line).not.toHaveProperty('path');
    }
  });

  test('is handled at the same time', async () => {
    const release = Promise.withResolvers<void>();
    const started: string[] = [];
    const answer = eachRecord(batch('a', 'b'), async ({ record: { body } }) => {
      started.push(body);
      // The first one waits for the second: one after the other would never end.
      if (body === 'b') release.resolve();
      await release.promise;
    });
    await expect(answer).resolves.toEqual({ batchItemFailures: [] });
    expect(started).toEqual(['a', 'b']);
  });
});
