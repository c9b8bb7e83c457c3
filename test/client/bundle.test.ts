import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** What a page loads that imports `name` of a door of this package, and the modules that it is made of. */
async function bundle(
  name: string,
  door: string,
): Promise<{ readonly text: string; readonly inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `import { ${name} } from '${door}'; globalThis.made = ${name};`,
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    // Not `node`: there, built-in modules would be left out of the bundle without a word.
    platform: 'browser',
    target: 'es2022',
    conditions: ['evented-workflows-source'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  return { text: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) };
}

test('the client takes less than 8 KiB, and nothing of Node or of other packages', async () => {
  const { text, inputs } = await bundle('createClient', 'evented-workflows/client');
  expect(text).toContain('idempotency-key');
  expect(gzipSync(text, { level: 9 }).byteLength).toBeLessThan(8 * 1024);
  expect(text).not.toMatch(/node:|\brequire\b|\bprocess\b|\bBuffer\b/);
  const foreign = inputs.filter((path) => !path.startsWith('src/client/') && path !== '<stdin>');
  expect(foreign).toEqual([]);
});

test('the signer can be loaded by a page', async () => {
  const { text } = await bundle('signer', 'evented-workflows/client/sigv4');
  expect(text).toContain('AWS4-HMAC-SHA256');
  expect(text).not.toMatch(/["']node:/);
});
