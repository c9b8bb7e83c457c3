import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { chosenFiles } from './choice.ts';

/** Makes, of the files with chosen tests, the module that is the `entry` of the stack. */

const repository = fileURLToPath(new URL('../../../..', import.meta.url));
const tests = join(repository, 'test/parity');

const definitions = join(import.meta.dirname, 'definitions.ts');

/** What the files find in the place of what they import. */
const instead: Readonly<Record<string, string>> = {
  [join(tests, 'places/index.ts')]: definitions,
};

/** Sources that have a name of the package, by their paths: so that tests and functions have the same instance of it. */
function publicNames(): ReadonlyMap<string, string> {
  const { exports } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly 'evented-workflows-source': string }>>;
  };
  const pairs = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'string'
      ? []
      : [[join(repository, target['evented-workflows-source']), join('evented-workflows', name)] as const],
  );
  return new Map(pairs);
}

function asOnTheStack(): Plugin {
  const names = publicNames();
  return {
    name: 'as-on-the-stack',
    setup(bundling) {
      bundling.onResolve({ filter: /^vitest$/ }, () => ({
        path: join(tests, 'places/caller/noted-tests.ts'),
      }));
      bundling.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const found = join(resolveDir, path);
        const name = names.get(found);
        if (name !== undefined) return { path: name, external: true };
        return { path: instead[found] ?? found };
      });
    },
  };
}

/** Writes the module, and loads it, so that a choice that cannot be deployed is known at once. Resolves with its path. */
export async function bundleChosenTests(outfile: string): Promise<string> {
  const loads = chosenFiles.map((file) => `${JSON.stringify(file)}: () => import('./${file}'),`);
  await mkdir(dirname(outfile), { recursive: true });
  await build({
    stdin: {
      contents: `import { definitionsOf } from './places/deployed/definitions.ts';
        export const workflows = await definitionsOf({ ${loads.join('\n')} });`,
      resolveDir: tests,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Each instance of a schema library knows its own schemas only, and the functions have none of their own.
    mainFields: ['module', 'main'],
    logLevel: 'warning',
    plugins: [asOnTheStack()],
  });
  await import(pathToFileURL(outfile).href);
  return outfile;
}
