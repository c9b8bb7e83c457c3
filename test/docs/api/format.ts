import { execFileSync } from 'node:child_process';
import { repository } from './modules.ts';

const WIDTH = 100;

/** Between two signatures, so that one call of the formatter serves them all. */
const divider = (index: number): string => `// ${'-'.repeat(20)} ${index}`;
const DIVIDERS = /^\/\/ -{20} \d+\n/mu;

/** Formats signatures, each one a program, and takes the `declare` of ambient ones away again. */
export function formatSignatures(signatures: readonly string[]): string[] {
  const input = signatures.map((code, index) => `${divider(index)}\n${code}\n`).join('\n');
  const formatted = execFileSync(
    process.execPath,
    [
      `${repository}node_modules/@biomejs/biome/bin/biome`,
      'format',
      '--stdin-file-path=api.ts',
      `--line-width=${WIDTH}`,
    ],
    { input, encoding: 'utf8', cwd: repository, maxBuffer: 64 * 1024 * 1024 },
  );
  const parts = formatted.split(DIVIDERS).slice(1);
  if (parts.length !== signatures.length) {
    throw new Error(`${signatures.length} signatures came back from the formatter as ${parts.length}`);
  }
  return parts.map((part) => part.trim().replace(/^declare /u, ''));
}
