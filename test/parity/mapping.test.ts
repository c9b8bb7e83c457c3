import { describe, expect, test } from 'vitest';
import { RequestContext } from '../../src/index.ts';
import { inPlace, places } from '../runtime/places.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';

const time = expect.any(Number);

describe.each(places)('data between steps in $name', (place) => {
  test('D38 a map of the input and of the request context', async () => {
    const made = flow('w')
      .map({
        name: { initData: true, path: 'who.name' },
        user: { requestContextPath: 'user', schema: any },
      })
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const requestContext = new RequestContext<Record<string, unknown>>([['user', 'u1']]);
      const result = await (await made.createRun()).start({
        inputData: { who: { name: 'ada' } },
        requestContext,
      });
      expect(result).toMatchObject({ status: 'success', result: { name: 'ada', user: 'u1' } });
    });
  });

  test('D39 D46 a map by functions, of keys and of the whole', async () => {
    const made = flow('w')
      .map({ sum: { fn: async ({ inputData }) => Number(inputData) + 1, schema: any } })
      .map(async ({ inputData, getInitData }) => [inputData, getInitData()])
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result).toMatchObject({ status: 'success', result: [{ sum: 2 }, 1] });
    });
  });

  test('D40 the id of a mapping is its key, and without one it is the same each time', async () => {
    const made = flow('w')
      .map(async () => 'named', { id: 'own' })
      .map(async ({ inputData }) => inputData)
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      const keys = Object.keys(result.steps);
      expect((result.steps as Record<string, unknown>)['own']).toEqual({
        status: 'success',
        payload: 1,
        output: 'named',
        startedAt: time,
        endedAt: time,
      });
      expect(keys.filter((key) => /^mapping_w_\d+$/.test(key))).toHaveLength(1);
      const again = await (await made.createRun()).start({ inputData: 1 });
      expect(Object.keys(again.steps)).toEqual(keys);
    });
  });

  test('D41 a map of the outputs of steps further up', async () => {
    const first = body('first', async () => ({ deep: { value: 1 } }));
    const second = body('second', async () => ({ list: [7, 8] }));
    const made = flow('w')
      .then(first)
      .then(second)
      .then(echo('third'))
      .map({
        one: { step: first, path: 'deep.value' },
        two: { step: second, path: 'list.1' },
        byId: { step: 'first', path: 'deep' },
      })
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'success', result: { one: 1, two: 8, byId: { value: 1 } } });
    });
  });

  test.each([
    ['D42', 'a text'],
    ['D42', 0],
    ['D42', false],
    ['D43', [1, 'two', null]],
  ])('%s the output %j flows on', async (_, value) => {
    const made = flow('w')
      .then(body('make', async () => value))
      .then(echo('take'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'success', result: value, steps: { take: { payload: value } } });
    });
  });

  test("D44 D45 the path '.' is the whole output, and constants stand as they are", async () => {
    const make = body('make', async () => [1, 2]);
    const made = flow('w')
      .then(make)
      .map({ all: { step: make, path: '.' }, fixed: { value: 'c', schema: any } })
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'success', result: { all: [1, 2], fixed: 'c' } });
    });
  });

  test('D63 a leaf that is missing is undefined', async () => {
    const make = body('make', async () => ({ there: 1 }));
    const made = flow('w')
      .then(make)
      .map({ leaf: { step: make, path: 'missing' } })
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'success', result: { leaf: undefined } });
    });
  });

  test('D80 D81 either arm of an if is joined by a map', async () => {
    const small = body('small', async ({ inputData }) => Number(inputData) + 1);
    const large = body('large', async ({ inputData }) => Number(inputData) * 2);
    const made = flow('w')
      .branch([
        [async ({ inputData }) => Number(inputData) < 10, small],
        [async ({ inputData }) => Number(inputData) >= 10, large],
      ])
      .map({ value: { step: [small, large], path: '.' } })
      .commit();
    await inPlace(place, [made], async () => {
      const value = async (inputData: number) => (await made.createRun()).start({ inputData });
      expect(await value(1)).toMatchObject({ status: 'success', result: { value: 2 } });
      expect(await value(10)).toMatchObject({ status: 'success', result: { value: 20 } });
    });
  });

  test('D139 D142 the request context of the start is seen, and a key that is deleted stays deleted', async () => {
    const made = flow('w')
      .then(
        body('drop', async ({ requestContext }) => {
          const seen = requestContext.get('token');
          requestContext.delete('token');
          return seen;
        }),
      )
      .then(body('look', async ({ inputData, requestContext }) => [inputData, requestContext.has('token')]))
      .commit();
    await inPlace(place, [made], async () => {
      const requestContext = new RequestContext<Record<string, unknown>>([['token', 't']]);
      const result = await (await made.createRun()).start({ inputData: 0, requestContext });
      expect(result).toMatchObject({ status: 'success', result: ['t', false] });
    });
  });

  test('G2 arms that set different keys keep both of them', async () => {
    const arm = (id: string) =>
      body(id, async ({ setState }) => {
        await setState({ [id]: 1 });
        return id;
      });
    const made = flow('w')
      .parallel([arm('left'), arm('right')])
      .then(body('read', async ({ state }) => state))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const result = await run.start({ inputData: 0, outputOptions: { includeState: true } });
      expect(result).toMatchObject({ result: { left: 1, right: 1 }, state: { left: 1, right: 1 } });
    });
  });
});
