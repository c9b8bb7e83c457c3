import { parseArgs } from 'node:util';

/** What the canary is told. */
export interface CanaryOptions {
  /** Profile of the account's credentials; undefined on an emulator. */
  readonly profile: string | undefined;
  readonly region: string;
  /** Name of its stack, and what the names of the others begin with. */
  readonly name: string;
  /** An emulator is started instead: everything but what only AWS can show. */
  readonly isEmulated: boolean;
  /** The stacks stay when it is done. */
  readonly isKept: boolean;
  /** Whoever calls knows what it costs. */
  readonly isConfirmed: boolean;
}

/** A call that cannot be carried out. Its message says what to write. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `Usage: npm run canary -- --profile <name> --region <region> --yes
  --profile <name>   the profile whose account it is deployed to; the account has to be bootstrapped
  --region <region>  such as eu-central-1
  --name <name>      of its stacks  (default: EventedWorkflowsCanary)
  --keep             leaves the stacks, for a look; "cdk destroy" removes them
  --yes              begins: without it, only what it will cost is printed
  --emulator         on an emulator instead of an account, without the checks that only AWS can pass`;

const spec = {
  profile: { type: 'string' },
  region: { type: 'string' },
  name: { type: 'string', default: 'EventedWorkflowsCanary' },
  keep: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  emulator: { type: 'boolean', default: false },
} as const;

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: spec }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Reads the command line. Throws {@link UsageError}. */
export function readOptions(argv: readonly string[]): CanaryOptions {
  const { profile, region, name, keep, yes, emulator } = parsed(argv);
  if (!/^[A-Za-z][A-Za-z0-9-]{0,59}$/.test(name)) {
    throw new UsageError(`--name is "${name}"; write up to 60 letters, digits and hyphens, a letter first.`);
  }
  const shared = { name, isKept: keep, isEmulated: emulator };
  if (emulator) {
    if (profile !== undefined || region !== undefined) {
      throw new UsageError('--emulator has no account: leave out --profile and --region.');
    }
    return { ...shared, profile, region: 'us-east-1', isConfirmed: true };
  }
  if (profile === undefined || profile === '') {
    throw new UsageError('--profile is missing: write the profile of the account to deploy to.');
  }
  if (region === undefined || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    throw new UsageError(
      `--region is ${region === undefined ? 'missing' : `"${region}"`}: write one such as eu-central-1.`,
    );
  }
  return { ...shared, profile, region, isConfirmed: yes };
}
