import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Architecture, Code, type FunctionProps, Runtime } from 'aws-cdk-lib/aws-lambda';
import { EXTENSION, type FunctionBundle } from './bundle.ts';
import { WorkflowRuntimeError } from './errors.ts';

/** The modules in `lambdas/` that are functions. */
export type FunctionModule = 'api' | 'dead-letter' | 'expiry' | 'processor' | 'schedules' | 'sweeper';

/** What the code of a function is made of, and what runs it. `entry` is the absolute path of the module with the workflows. */
export function bundledCode(
  module: FunctionModule,
  entry: string,
): Pick<FunctionProps, 'architecture' | 'code' | 'handler' | 'runtime'> {
  return {
    handler: 'index.handler',
    // Fixed rather than the newest there is: what is deployed changes with a release of this package only.
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(dirname(entry), {
      assetHashType: AssetHashType.OUTPUT,
      bundling: {
        // By these the bundles of an app are told apart. No container runs them: what is local is done, or throws.
        command: [module, entry],
        image: DockerImage.fromRegistry('scratch'),
        local: {
          tryBundle(outdir) {
            bundle({ module: besides(`../lambdas/${module}`), entry, outdir: resolve(outdir) });
            return true;
          },
        },
      },
    }),
  };
}

/** Everything goes into the bundle, the AWS clients too: the versions that were tested, and a faster cold start. */
function bundle(wanted: FunctionBundle): void {
  const condition = EXTENSION === '.ts' ? ['--conditions=evented-workflows-source'] : [];
  const command = [...condition, besides('./bundle-command'), JSON.stringify(wanted)];
  const { status, stderr, error } = spawnSync(process.execPath, command, {
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
  });
  if (status === 0) {
    process.stderr.write(stderr);
    return;
  }
  const reason = error?.message ?? stderr.trim();
  throw new WorkflowRuntimeError(
    'BUNDLING_FAILED',
    `${wanted.entry} was not bundled with its functions: ${reason}`,
  );
}

/** A module of this package. */
function besides(path: string): string {
  return fileURLToPath(new URL(`${path}${EXTENSION}`, import.meta.url));
}
