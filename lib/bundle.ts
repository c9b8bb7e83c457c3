import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as esbuildModule from 'esbuild';

/** What of esbuild is used here, from wherever it is installed. */
export type Esbuild = Pick<typeof esbuildModule, 'build'>;

/** See {@link bundleFunction}. Paths are absolute. */
export interface FunctionBundle {
  /** The module of `lambdas/` that is a function. */
  readonly module: string;
  /** The author's module with the workflows. */
  readonly entry: string;
  /** Folder for what is made. */
  readonly outdir: string;
}

/** `.ts` in a checkout of this repository, `.js` in the published package. */
export const EXTENSION = extname(fileURLToPath(import.meta.url));

/** By this name the functions import the module that a deployment gave as `entry`. */
const entryModule = 'evented-workflows:entry';

/** Where the package's own name and its paths can be resolved. */
const packageRoot = fileURLToPath(new URL(EXTENSION === '.ts' ? '..' : '../..', import.meta.url));

/** CommonJS packages that authors use call `require`, which a module does not have. */
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * Packages that the clients load for credentials of other places than a function, which has its own in its environment, for a
 * browser, and for operations that nothing here calls. They are left out; what an author imports is bundled with the author's. A
 * part of the SDK that imports one of them as it is loaded has it all the same.
 */
const neverLoaded = [
  '@aws-sdk/credential-provider-ini',
  '@aws-sdk/credential-provider-login',
  '@aws-sdk/credential-provider-process',
  '@aws-sdk/credential-provider-sso',
  '@aws-sdk/credential-provider-web-identity',
  '@smithy/core/event-streams',
  '@smithy/credential-provider-imds',
  'bowser',
];

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  // Packages of the SDK have modules, which are smaller than what they have for `require`. The other: see "exports" in package.json.
  conditions: ['module', ...(EXTENSION === '.ts' ? ['evented-workflows-source'] : [])],
  banner: { js: requireBanner },
  outExtension: { '.js': '.mjs' },
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
} satisfies esbuildModule.BuildOptions;

/**
 * Makes `index.mjs`, which exports the function's handler, and what it imports. The author's part is a module of its own, without
 * white space and otherwise as it was written: the text of functions says what a step reads, and is shown in graphs. The rest has
 * short names. Both have the same instance of this package.
 *
 * What is loaded on first use is apart. Clients of services are so with all that they import, even if the function has it as well: what
 * two parts have in common would be in files of its own, of which each takes time to find, and whole where a part needs little of
 * it. So a function is larger, and starts sooner: docs/cost.md.
 */
export async function bundleFunction(esbuild: Esbuild, { module, entry, outdir }: FunctionBundle) {
  const imported = new Set<string>();
  const authors = await esbuild.build({
    ...shared,
    entryPoints: [{ in: entry, out: 'entry' }],
    outdir,
    minifyWhitespace: true,
    plugins: [apart(imported)],
  });
  const ours = {
    ...shared,
    absWorkingDir: packageRoot,
    outdir,
    minify: true,
    splitting: true,
  };
  const clients = new Map<string, string>();
  const functions = await esbuild.build({
    ...ours,
    entryPoints: [
      { in: module, out: 'index' },
      ...[...imported].toSorted().map((specifier) => ({ in: specifier, out: outputOf(specifier) })),
    ],
    plugins: [authorsApart, withoutCrons, ownConsole, withoutNeverLoaded, onFirstUse(clients), separable],
  });
  const later = await esbuild.build({
    ...ours,
    entryPoints: [...clients].map(([out, path]) => ({ in: path, out })),
    plugins: [withoutNeverLoaded, separable],
  });
  return { authors: authors.metafile, functions: functions.metafile, later: later.metafile };
}

/** Leaves the package itself out of the author's part, and notes by which of its names it is imported. */
function apart(imported: Set<string>): esbuildModule.Plugin {
  return {
    name: 'apart',
    setup(build) {
      build.onResolve({ filter: /^evented-workflows(?:\/[\w/]+)?$/ }, ({ path }) => {
        imported.add(path);
        return { path: `./${outputOf(path)}.mjs`, external: true };
      });
    },
  };
}

function outputOf(specifier: string): string {
  return specifier.replaceAll('/', '-');
}

/** Leaves the author's part out of the functions'. */
const authorsApart: esbuildModule.Plugin = {
  name: 'authors-apart',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${entryModule}$`) }, () => ({
      path: './entry.mjs',
      external: true,
    }));
  },
};

/** Asks the process for the class of the console: to import it as a module makes all that it offers, and loads streams of the web. */
const ownConsole: esbuildModule.Plugin = {
  name: 'own-console',
  setup(build) {
    build.onResolve({ filter: /^node:console$/ }, ({ path }) => ({ path, namespace: 'own-console' }));
    build.onLoad({ filter: /.*/, namespace: 'own-console' }, () => ({
      contents: "export const { Console } = process.getBuiltinModule('node:console');",
    }));
  },
};

/** Leaves out what of the SDK is imported on first use, and notes it by the name that it is to have. */
function onFirstUse(clients: Map<string, string>): esbuildModule.Plugin {
  return {
    name: 'on-first-use',
    setup(build) {
      const filter = /^(?:@aws-sdk\/.+|\.\/(?:s3|scheduler)\.[jt]s)$/;
      build.onResolve({ filter }, async ({ path, kind, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === resolving) return undefined;
        const resolved = await build.resolve(path, { kind, resolveDir, pluginData: resolving });
        const name = basename(path, extname(path));
        clients.set(name, resolved.path);
        return { path: `./${name}.mjs`, external: true };
      });
    },
  };
}

/** Leaves out what is imported on a use that there is not. */
const withoutNeverLoaded: esbuildModule.Plugin = {
  name: 'without-never-loaded',
  setup(build) {
    build.onResolve({ filter: /^(?:@aws-sdk|@smithy|bowser)/ }, ({ path, kind }) =>
      kind === 'dynamic-import' && neverLoaded.includes(path) ? { path, external: true } : undefined,
    );
  },
};

/** Marks the question of a plugin, which it would answer itself otherwise. */
const resolving = Symbol('resolving');

/** Puts nothing in the place of what knows when a cron is due: for functions the Scheduler does, and no runtime there asks. */
const withoutCrons: esbuildModule.Plugin = {
  name: 'without-crons',
  setup(build) {
    build.onResolve({ filter: /^croner$/ }, ({ path }) => ({ path, namespace: 'without-crons' }));
    build.onLoad({ filter: /.*/, namespace: 'without-crons' }, () => ({
      contents: 'export const Cron = undefined;',
    }));
  },
};

/**
 * Has esbuild see what nothing uses of a client of the SDK: its shapes have keys that are computed from constants, which might be
 * anything and so keeps each of them, and it imports its whole package.json for its version.
 */
const separable: esbuildModule.Plugin = {
  name: 'separable',
  setup(build) {
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/].*[\\/]schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const constants = new Map<string, string>();
      for (const [, name = '', text = ''] of source.matchAll(/^const (_\w+) = ("[^"\\\n]*");$/gm)) {
        constants.set(name, text);
      }
      const key = /\[(_\w+)\](?=:)/g;
      return {
        contents: source.replaceAll(key, (computed, name: string) => constants.get(name) ?? computed),
      };
    });
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/][^\\/]+[\\/]package\.json$/ }, async ({ path }) => {
      const { name, version } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};
