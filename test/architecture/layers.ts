import { isUnder } from './source.ts';

/** A part of the repository, and what it may import. Whatever is not named here may not be imported. */
export interface Layer {
  readonly name: string;
  /** Directories or files. The first layer of the list that has a path owns it. */
  readonly roots: readonly string[];
  /** Layers that it may import in any way; itself is always one. */
  readonly may: readonly string[];
  /** Layers that it may import by `import type` only. */
  readonly mayAsTypes?: readonly string[];
  /** Layers that it may import by a dynamic `import()` only. */
  readonly mayLazily?: readonly string[];
  /** Packages and built-in modules: a name, a prefix ending in `*`, or `*` for any. */
  readonly packages: readonly string[];
  /** Packages that it may import by `import type` only. */
  readonly packagesAsTypes?: readonly string[];
  /** Whether it may import what it learns at run time, as a server loads the modules of its user. */
  readonly computed?: boolean;
}

const SCHEMA_TYPES = ['@standard-schema/spec'];

/**
 * `core <- ports <- runtime <- {http, testing} <- {lambdas, local}`, `adapters -> ports`, `sdk -> core`.
 * A layer that may import another may import what that one is made of, too.
 */
export const LAYERS: readonly Layer[] = [
  { name: 'core', roots: ['src/core'], may: [], packages: [], packagesAsTypes: SCHEMA_TYPES },
  { name: 'ports', roots: ['src/ports'], may: ['core'], packages: [] },
  { name: 'sdk', roots: ['src/sdk'], may: ['core'], packages: [], packagesAsTypes: SCHEMA_TYPES },
  {
    // The door that every author's module goes through: what it loads, every one of them waits for.
    name: 'authoring door',
    roots: ['src/index.ts'],
    may: ['core', 'sdk'],
    mayLazily: ['runtime', 'memory'],
    packages: [],
    packagesAsTypes: SCHEMA_TYPES,
  },
  {
    name: 'runtime',
    roots: ['src/runtime'],
    may: ['core', 'ports'],
    packages: ['node:*', 'croner'],
    packagesAsTypes: SCHEMA_TYPES,
  },
  // What adapters share: the system's clock and ids, the walk over a segmented join log, and, for stores that decide by
  // themselves whether a write's condition holds, the transitions and the cursor of a list, and what a log is told.
  { name: 'system', roots: ['src/adapters/system'], may: ['core', 'ports'], packages: ['node:*'] },
  { name: 'segments', roots: ['src/adapters/segments'], may: ['core', 'ports'], packages: [] },
  { name: 'transitions', roots: ['src/adapters/transitions'], may: ['core', 'ports'], packages: [] },
  { name: 'list cursor', roots: ['src/adapters/list-cursor.ts'], may: ['core', 'ports'], packages: [] },
  { name: 'log entries', roots: ['src/adapters/log-entries.ts'], may: ['core', 'ports'], packages: [] },
  {
    name: 'memory',
    roots: ['src/adapters/memory'],
    may: ['core', 'ports', 'system', 'segments', 'transitions', 'list cursor', 'log entries'],
    packages: ['node:*'],
  },
  {
    name: 'sqlite',
    roots: ['src/adapters/sqlite'],
    may: ['core', 'ports', 'system', 'transitions', 'list cursor', 'log entries'],
    packages: ['node:*'],
  },
  // Schemas of what is on the bus, for readers of events: data, which loads nothing.
  { name: 'events', roots: ['src/events'], may: ['core'], packages: [] },
  // What the functions and the CDK both have to know. The CDK must not load the AWS clients for it.
  {
    name: 'aws config',
    roots: ['src/adapters/aws/config.ts', 'src/adapters/aws/cron-expression.ts'],
    may: ['core', 'ports'],
    packages: [],
  },
  {
    name: 'aws',
    roots: ['src/adapters/aws'],
    may: ['core', 'ports', 'events', 'aws config', 'system', 'segments', 'log entries'],
    packages: ['node:*', '@aws-sdk/*', 'zod'],
    packagesAsTypes: ['aws-lambda', '@smithy/types'],
  },
  {
    // One router serves the local server and the Lambda, so nothing of Node here.
    name: 'http',
    roots: ['src/http'],
    may: ['core', 'ports', 'runtime'],
    packages: ['hono', 'hono/*', 'zod'],
    packagesAsTypes: SCHEMA_TYPES,
  },
  {
    // What the engine is proved with: whatever it shared with the engine would be wrong in both. No types of it either.
    name: 'interpreter',
    roots: ['src/testing/interpreter'],
    may: [],
    packages: ['node:util'],
    packagesAsTypes: SCHEMA_TYPES,
  },
  {
    name: 'testing',
    roots: ['src/testing'],
    may: ['core', 'ports', 'runtime', 'memory', 'system', 'interpreter'],
    packages: ['node:*'],
    packagesAsTypes: SCHEMA_TYPES,
  },
  {
    name: 'local',
    roots: ['src/local'],
    may: ['core', 'ports', 'runtime', 'sqlite', 'http'],
    packages: ['node:*', 'hono', 'hono/*', '@hono/node-server', '@hono/node-server/*'],
    computed: true,
  },
  // The only part of the client that loads anything; who does not sign does not load it.
  { name: 'client signer', roots: ['src/client/sigv4.ts'], may: [], packages: ['@smithy/signature-v4'] },
  // Its calls are typed by what the author's workflows say, which are types of the authoring door.
  { name: 'client', roots: ['src/client'], may: [], mayAsTypes: ['core', 'sdk'], packages: [] },
  {
    name: 'cli',
    roots: ['src/cli'],
    may: ['client', 'local', 'aws config'],
    // What signs needs a peer that few have.
    mayLazily: ['client signer'],
    mayAsTypes: ['core'],
    // The clients of the services that `doctor` and `redrive` ask; loaded by dynamic imports only, since few have them.
    packages: [
      'node:*',
      '@aws-sdk/client-cloudformation',
      '@aws-sdk/client-cloudwatch',
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/client-lambda',
      '@aws-sdk/client-s3',
      '@aws-sdk/client-sqs',
    ],
    computed: true,
  },
  { name: 'studio', roots: ['studio'], may: ['client'], packages: [] },
  {
    name: 'lambdas',
    roots: ['lambdas'],
    may: ['core', 'ports', 'events', 'runtime', 'http', 'aws', 'aws config', 'system'],
    // The last one is an alias that the bundler resolves, to the module that a deployment gives as `entry`.
    packages: [
      'node:*',
      '@aws-sdk/*',
      '@aws-lambda-powertools/*',
      'hono',
      'hono/*',
      'evented-workflows:entry',
    ],
    packagesAsTypes: ['aws-lambda'],
    computed: true,
  },
  {
    name: 'lib',
    roots: ['lib'],
    may: ['aws config'],
    packages: ['node:*', 'aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'],
    packagesAsTypes: ['esbuild'],
  },
  {
    name: 'bin',
    roots: ['bin'],
    may: ['lib'],
    packages: ['node:*', 'aws-cdk-lib', 'aws-cdk-lib/*', 'constructs', 'cdk-nag'],
  },
  // What a reader copies has to work outside of this repository: the package by its public name, nothing beside it.
  { name: 'examples', roots: ['examples'], may: [], packages: ['*'], computed: true },
];

/** The layer that owns a path. */
export function layerOf(path: string): Layer | undefined {
  return LAYERS.find((layer) => isUnder(path, layer.roots));
}

/** Whether a package is one of those that a list of patterns names. */
export function matches(specifier: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? specifier.startsWith(pattern.slice(0, -1)) : specifier === pattern,
  );
}
