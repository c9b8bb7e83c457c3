import { test } from 'vitest';
import { inEveryContainer } from './bench.ts';

inEveryContainer('an output goes on as it is', (bench) => {
  test.each([[null], [undefined], [0], [''], [false], [[]], [[null]], [{ key: 0 }]])(
    'H2 D42 D43 %j',
    async (value) => {
      const play = await bench.begin(() => value);
      await play.expect({ kind: 'success', value });
    },
  );
});
