import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { parkingMatrix } from '../runtime/parking-matrix.ts';
import { localClient, storeOn, tableForTests } from './dynamodb-place.ts';

const tableName = 'parking';
tableForTests(tableName);

/** All tests share the table, so each has a run of its own. */
let tests = 0;

parkingMatrix({
  name: 'DynamoDB',
  open: (clock) => {
    const client = localClient();
    const place = memoryPlace({ clock });
    tests += 1;
    const store = storeOn(client, tableName);
    return {
      attach: () => ({ ...place.attach(), store }),
      remove: () => client.destroy(),
      runId: `r-${tests}`,
    };
  },
});
