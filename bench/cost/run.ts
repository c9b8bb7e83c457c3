import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDynamoDbLocal } from '../../test/contract/dynamodb-local.ts';
import { chartOf, documentWith } from './document.ts';
import { measure } from './measure.ts';
import { barsOf, sections, textOf } from './report.ts';

/**
 * `npm run bench:cost`: what workloads cost, counted on DynamoDB Local (which takes a Java development kit) with the other
 * services inside of this process. `--json` prints what was measured; `--document` keeps it, and writes docs/cost.md anew.
 */

const repository = join(import.meta.dirname, '../..');
const emulator = await startDynamoDbLocal(join(repository, '.cache'));
try {
  const results = await measure(emulator.endpoint);
  if (process.argv.includes('--json')) console.log(JSON.stringify(results, undefined, 2));
  else console.log([...sections(results).map(textOf), barsOf(results)].join('\n\n'));
  if (process.argv.includes('--document')) {
    const document = join(repository, 'docs/cost.md');
    writeFileSync(join(import.meta.dirname, 'results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
    writeFileSync(document, documentWith(readFileSync(document, 'utf8'), results));
    writeFileSync(join(repository, 'docs/cost.svg'), chartOf(results));
  }
} finally {
  await emulator.stop();
}
