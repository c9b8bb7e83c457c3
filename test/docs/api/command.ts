import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { repository } from './modules.ts';
import { apiPages } from './pages.ts';

/**
 * Writes docs/api by the docstrings of what the doors of the package export, and removes pages of doors that are gone.
 *
 *     npm run docs:api
 */
const folder = `${repository}docs/api/`;
const pages = apiPages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder))
  if (name.endsWith('.md') && !pages.has(name)) rmSync(`${folder}${name}`);
for (const [name, text] of pages) writeFileSync(`${folder}${name}`, text);
process.stdout.write(`docs/api: ${pages.size} pages\n`);
