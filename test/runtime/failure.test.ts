import { describe, expect, test } from 'vitest';
import { inPlace, places } from './places.ts';
import { body, echo, flow } from './steps.ts';

describe.each(places)('in $name', (place) => {
  test('an output that cannot be stored fails its step and names the place', async () => {
    const made = flow('w')
      .then(body('bad', async () => ({ list: [1, () => 2] })))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result.status).toBe('failed');
      expect(result.steps['bad']).toMatchObject({
        status: 'failed',
        error: {
          code: 'WORKFLOW_VALUE_NOT_STORABLE',
          message: expect.stringContaining('"bad".list[1] is a function'),
        },
      });
    });
  });

  test('a thrown error keeps its properties and causes, and its JSON has no stack', async () => {
    class PaymentError extends Error {
      override name = 'PaymentError';
      statusCode = 402;
    }
    const made = flow('w')
      .then(
        body('pay', async () =>
          Promise.reject(new PaymentError('declined', { cause: new TypeError('limit') })),
        ),
      )
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result.status).toBe('failed');
      const { error } = result as unknown as { error: PaymentError };
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: 'PaymentError', message: 'declined', statusCode: 402 });
      expect(error.cause).toBeInstanceOf(TypeError);
      expect(JSON.parse(JSON.stringify(error))).toEqual({
        name: 'PaymentError',
        message: 'declined',
        statusCode: 402,
        cause: { name: 'TypeError', message: 'limit' },
      });
      expect(result.steps).not.toHaveProperty('after');
    });
  });

  test.each([
    ['a text', 'just text', { message: 'just text' }],
    ['an object', { message: 'of an object', hint: 7 }, { message: 'of an object', hint: 7 }],
    ['nothing', undefined, { message: 'Unknown step execution error: undefined' }],
  ])('throwing %s fails the step with an error', async (_, thrown, expected) => {
    const made = flow('w')
      .then(
        body('bad', async () => {
          throw thrown;
        }),
      )
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'failed', error: expected });
      expect((result as unknown as { error: unknown }).error).toBeInstanceOf(Error);
    });
  });

  test('retries run as often as said, each with its number, and the last error stays', async () => {
    const counts: number[] = [];
    const failing = body(
      'failing',
      async ({ retryCount }) => {
        counts.push(retryCount);
        throw new Error(`try ${retryCount}`);
      },
      { retries: 2 },
    );
    const made = flow('w').then(failing).commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(counts).toEqual([0, 1, 2]);
      expect(result).toMatchObject({ status: 'failed', error: { message: 'try 2' } });
    });
  });

  test('an error that forbids it is not retried', async () => {
    let tries = 0;
    const final = body(
      'final',
      async () => {
        tries += 1;
        throw Object.assign(new Error('no'), { isNonRetryable: true });
      },
      { retries: 5 },
    );
    const made = flow('w').then(final).commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(tries).toBe(1);
      expect(result.steps['final']).toMatchObject({ status: 'failed', nonRetryable: true });
    });
  });

  test('a failing arm does not hide what its siblings did', async () => {
    const made = flow('w')
      .parallel([
        body('bad', async () => Promise.reject(new Error('first'))),
        body('good', async () => 1),
        body('worse', async () => Promise.reject(new Error('second'))),
      ])
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'failed', error: { message: 'first' } });
      expect(Object.keys(result.steps).toSorted()).toEqual(['bad', 'good', 'input', 'worse']);
      expect(result.steps['good']).toMatchObject({ status: 'success', output: 1 });
    });
  });

  test('a run that chains more events than allowed fails with the limit', async () => {
    const made = flow('w').then(echo('a')).then(echo('b')).then(echo('c')).then(echo('d')).commit();
    const limited = { limits: { hops: 2 } };
    await inPlace(
      place,
      [made],
      async () => {
        const result = await (await made.createRun()).start({ inputData: 0 });
        expect(result).toMatchObject({ status: 'failed', error: { code: 'WORKFLOW_LIMIT_EXCEEDED' } });
        expect(result.steps).not.toHaveProperty('c');
      },
      limited,
    );
  });
});
