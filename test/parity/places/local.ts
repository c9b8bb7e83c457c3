import { inMemory, onSqlite, type Place, places } from '../../runtime/places.ts';
import { withHostileBus } from './hostile-bus.ts';
import { localNames } from './names.ts';
import { newRuntimes } from './new-runtimes.ts';
import { inOtherProcess } from './other-process.ts';
import { role } from './role.ts';

/** All places that need nothing but this machine. */
export const localPlaces: readonly Place[] = [
  ...places,
  {
    name: localNames.hostileBus,
    hostile: true,
    open: (clock) => inMemory(withHostileBus(), clock),
  },
  {
    name: localNames.newRuntimes,
    open: (clock) => {
      const place = onSqlite(clock);
      return { ...place, createRuntime: (options) => newRuntimes(options, place.another) };
    },
  },
  {
    name: localNames.otherProcess,
    open: (clock) => (role.open ?? inOtherProcess)(clock),
  },
];
