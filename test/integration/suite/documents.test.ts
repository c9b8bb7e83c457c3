import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { allDocuments, blocksOf, root } from '../../docs/documents.ts';
import { isAws } from '../deployed.ts';

/** Between the outputs of two blocks. */
const MARK = '--- next block ---';

const blocks = allDocuments()
  .filter(({ path }) => path === 'docs/deploy.md')
  .flatMap(blocksOf)
  .filter(({ language, isRun }) => language === 'sh' && isRun);

/** Runs a script by bash, which stops at the first command that fails. Resolves with what it printed. */
async function bash(script: string): Promise<{ code: number | null; printed: string; said: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: root,
    env: {
      ...process.env,
      PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      // What a person answers and chooses, and the app of the page with what an emulator needs.
      CDK_OUTPUT: join(root, '.cache/integration/documented.out'),
      CDK_REQUIRE_APPROVAL: 'never',
      CDK_APP: `"${process.execPath}" --conditions=evented-workflows-source test/integration/stacks/documented.ts`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [printed, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, printed, said };
}

test.skipIf(isAws)(
  'the commands of docs/deploy.md do what it says, from nothing to nothing (their app has what an emulator needs)',
  async () => {
    expect(blocks.length).toBeGreaterThan(6);
    try {
      const script = blocks.map(({ text }) => text).join(`\necho '${MARK}'\n`);
      const { code, printed, said } = await bash(script);
      if (code !== 0) throw new Error(`The commands ended with ${code}:\n${printed}\n${said}`);
      const [, , called, started, watched, approved, observed] = printed.split(MARK);
      expect(called).toContain('"id":"orders"');
      expect(started).toContain('"changed":true');
      // The first page has what there is when it is asked for.
      expect(watched).toContain('workflow-start');
      expect(watched).toContain('"status":"suspended"');
      expect(approved).toContain('"outcome":"paid"');
      expect(observed).toContain('"status":"success"');
      expect(observed).toContain('workflow-finish');
    } finally {
      await rm(join(root, 'outputs.json'), { force: true });
    }
  },
  400_000,
);
