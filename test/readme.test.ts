import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'evented-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the first workflow runs as it stands there', async () => {
  const [, block] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  expect(block).toContain("backend: sqliteBackend({ file: 'orders.db' })");
  const source = (block ?? '').replace("'orders.db'", JSON.stringify(join(folder, 'orders.db')));
  const args = ['--conditions=evented-workflows-source', '--input-type=module-typescript', '--eval', source];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 30_000 });
  expect(stdout).toBe("suspended\nsuccess { total: 36, by: 'Ada' }\n");
});

test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'])('every link of %s leads to a file', (name) => {
  const text = readFileSync(join(root, name), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '');
  expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
});
