import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bundleFunction, type Esbuild, type FunctionBundle } from './bundle.ts';

/**
 * Makes the bundle that its one argument describes, a `FunctionBundle` as JSON: a process of its own, since constructs are made
 * synchronously and esbuild works otherwise when it is given plugins. Ends with 1 when there is no esbuild.
 */
const [, , described = ''] = process.argv;
const bundle = JSON.parse(described) as FunctionBundle;

/** That of the app which is synthesized, else that beside this package. */
function installed(): Esbuild | undefined {
  for (const place of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      return createRequire(place)('esbuild') as Esbuild;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')) throw error;
    }
  }
  return undefined;
}

const esbuild = installed();
if (esbuild === undefined) {
  process.stderr.write('There is no esbuild to bundle the functions with: npm install esbuild\n');
  process.exitCode = 1;
} else {
  try {
    await bundleFunction(esbuild, bundle);
  } catch {
    // esbuild has said what is wrong, and where.
    process.exitCode = 1;
  }
}
