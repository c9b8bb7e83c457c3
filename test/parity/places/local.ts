import { type Place, places, inMemory, onSqlite } from '../../runtime/places.ts';
import { withHostileBus } from './hostile-bus.ts';
import { newRuntimes } from './new-runtimes.ts';

/** All places that need nothing but this machine. */
export const localPlaces: readonly Place[] = [
  ...places,
  {
    name: 'sqlite, each call and each event by a new runtime',
    open: (clock) => {
      const place = onSqlite(clock);
      return { ...place, createRuntime: (options) => newRuntimes(options, place.another) };
    },
  },
  {
    name: 'memory, hostile bus',
    keepsOrder: false,
    open: (clock) => inMemory(withHostileBus(), clock),
  },
];
