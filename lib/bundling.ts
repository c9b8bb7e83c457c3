import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, type NodejsFunctionProps, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** `.ts` in a checkout of this repository, `.js` in the published package. */
const EXTENSION = extname(fileURLToPath(import.meta.url));

/** By this name the functions import the module that a deployment gave as `entry`. */
const ENTRY_MODULE = 'evented-workflows:entry';

/** The condition under which the package's own name means its sources; see "exports" in package.json. */
const SOURCE_CONDITION = 'evented-workflows-source';

/** CommonJS packages that authors use call `require`, which a module does not have. */
const REQUIRE_BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** The modules in `lambdas/` that are functions. */
export type FunctionModule = 'api' | 'dead-letter' | 'expiry' | 'processor' | 'schedules' | 'sweeper';

/** What the code of a function is made of, and what runs it. `entry` is the module with the workflows. */
export function bundlingProps(module: FunctionModule, entry: string): NodejsFunctionProps {
  return {
    entry: fileURLToPath(new URL(`../lambdas/${module}${EXTENSION}`, import.meta.url)),
    handler: 'handler',
    // Fixed rather than the newest there is: what is deployed changes with a release of this package only.
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    bundling: bundling(entry),
  };
}

/** Everything goes into the bundle, the AWS clients too: the versions that were tested, and a faster cold start. */
function bundling(entry: string): BundlingOptions {
  return {
    format: OutputFormat.ESM,
    mainFields: ['module', 'main'],
    externalModules: [],
    sourceMap: true,
    sourcesContent: false,
    banner: REQUIRE_BANNER,
    esbuildArgs: {
      // White space only: names appear in errors, and what a step reads is seen from the text of its function.
      '--minify-whitespace': true,
      '--alias': `${ENTRY_MODULE}=${entry}`,
      ...(EXTENSION === '.ts' ? { '--conditions': SOURCE_CONDITION } : {}),
    },
  };
}
