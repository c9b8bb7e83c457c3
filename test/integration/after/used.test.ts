import { paginateScan } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { chargesOn } from '../../../src/adapters/aws/spending.ts';
import { addUsage, dollarsOf, noUsage, usageNames } from '../../../src/adapters/aws/usage.ts';
import { usedByRuns } from '../../canary/estimate.ts';
import { dynamodb, stack } from '../deployed.ts';

test('the runs have used no more than the canary says that it costs', async () => {
  const used = noUsage();
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName: stack.TableName })) {
    addUsage(used, chargesOn(Items) ?? {});
  }
  const counts = usageNames.map((name) => `${Math.ceil(used[name])} ${name}`).join(', ');
  console.log(`The runs have used ${counts}: $${dollarsOf(used).toFixed(4)}`);
  expect(used.entries).toBeGreaterThan(0);
  // A machine that is slower takes more time for the same.
  for (const name of usageNames.filter((each) => each !== 'gbMs')) {
    expect({ name, isWithin: used[name] <= usedByRuns[name] }).toEqual({ name, isWithin: true });
  }
});
