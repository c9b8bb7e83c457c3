import { beforeEach } from 'vitest';
import { placeIn } from './names.ts';
import { reasonAgainst } from './unavailable.ts';

beforeEach((context) => {
  const { suite, name } = context.task;
  const place = placeIn(suite?.name ?? '');
  const reason = place === undefined ? undefined : reasonAgainst(place, name);
  if (reason !== undefined) context.skip(reason);
});
