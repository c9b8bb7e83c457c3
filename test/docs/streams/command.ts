import { writeFileSync } from 'node:fs';
import { repository } from '../api/modules.ts';
import { streamsPage } from './page.ts';

/**
 * Writes docs/stream-events.md by the lists that tests compare streams with.
 *
 *     npm run docs:streams
 */
writeFileSync(`${repository}docs/stream-events.md`, streamsPage());
process.stdout.write('docs/stream-events.md\n');
