import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Block, root } from './documents.ts';

/** Ignored by git; in the repository, because a program finds the package by its own name in there only. */
const FOLDER = join(root, '.cache/documents');

/** Blocks that run at once: one process each for the two cores of CI. */
const PROCESSES = 2;

/** Folder of the programs of a document, so that they can import each other. */
function folderOf(document: string): string {
  return join(FOLDER, document.replaceAll(/[^\w]+/g, '-'));
}

/** The file that a block is written to. */
function fileOf(block: Pick<Block, 'document' | 'file'>): string {
  return join(folderOf(block.document), block.file);
}

/** Writes all blocks to files, and nothing else is there afterwards. */
export function writePrograms(blocks: readonly Block[]): void {
  rmSync(FOLDER, { recursive: true, force: true });
  for (const block of blocks) {
    mkdirSync(dirname(fileOf(block)), { recursive: true });
    writeFileSync(fileOf(block), block.text);
  }
  const config = {
    extends: '../../tsconfig.json',
    // What a page does not go into is not used there.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['**/*.ts'],
    exclude: [],
  };
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config));
}

/** What the compiler says of the programs, a line for each error that begins with the path of its file. */
export async function compilerErrors(): Promise<string[]> {
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', FOLDER, '--pretty', 'false'];
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; text: string }>();
  execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, text: `${stdout}${stderr}` }),
  );
  const { code, text } = await promise;
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith(' '));
  return code === 0 || lines.length > 0 ? lines : [`the compiler ended with ${String(code)}`];
}

/** What each program printed, or how it ended instead, in the order of `blocks`. */
export async function outputsOf(blocks: readonly Block[]): Promise<string[]> {
  const shares = Array.from({ length: PROCESSES }, (_, place) =>
    blocks
      .map((block, index) => ({ file: fileOf(block), index }))
      .filter(({ index }) => index % PROCESSES === place),
  );
  const printed = await Promise.all(
    shares.map(async (share) => {
      const args = [
        '--conditions=evented-workflows-source',
        join(root, 'test/docs/run-programs.ts'),
        ...share.map(({ file }) => file),
      ];
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        env: { ...process.env, NO_COLOR: '1' },
      });
      const outputs = JSON.parse(stdout) as string[];
      return share.map(({ index }, place) => [index, outputs[place] ?? ''] as const);
    }),
  );
  const byIndex = new Map(printed.flat());
  return blocks.map((_, index) => byIndex.get(index) ?? '');
}
