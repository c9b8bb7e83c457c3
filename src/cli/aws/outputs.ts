import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OptionSpecs } from '../arguments.ts';
import type { Context } from '../command.ts';
import { CommandError, usageError } from '../exit.ts';
import { stackOutputs } from './stacks.ts';

/** Options by which a command learns what a deployment is made of. */
export const deploymentOptions: OptionSpecs = {
  outputs: { value: 'file', summary: 'outputs of stacks: what cdk deploy --outputs-file wrote' },
  stack: { value: 'name', summary: 'which stack: of that file, or of the account when there is none' },
  region: { value: 'region', summary: 'region of AWS (AWS_REGION, or that of the profile)' },
};

/** Outputs of a stack by their names; see `WorkflowStack`. */
export type Outputs = Readonly<Record<string, string>>;

/** A stack that was deployed. */
export interface Deployment {
  readonly stack: string;
  readonly outputs: Outputs;
}

/** The stack that the options name: in a file, else CloudFormation is asked. Undefined when they name none. */
export async function deploymentOf({ option, console }: Context): Promise<Deployment | undefined> {
  const file = option('outputs');
  const stack = option('stack');
  if (file === undefined) {
    if (stack === undefined) return undefined;
    return { stack, outputs: await stackOutputs(stack, option('region'), console.signal) };
  }
  const stacks = stacksIn(resolve(console.cwd, file), file);
  const names = Object.keys(stacks);
  const name = stack ?? (names.length === 1 ? names[0] : undefined);
  const outputs = name === undefined ? undefined : stacks[name];
  if (name !== undefined && outputs !== undefined) return { stack: name, outputs };
  if (names.length === 0) {
    throw usageError(`${file} names no stack: write it by cdk deploy --outputs-file, or give --stack alone`);
  }
  throw usageError(
    stack === undefined
      ? `${file} has the stacks ${names.join(', ')}: give one by --stack`
      : `${file} has no stack "${stack}": it has ${names.join(', ')}`,
  );
}

/** An output that every `WorkflowStack` has. */
export function outputOf({ stack, outputs }: Deployment, name: string): string {
  const value = outputs[name];
  if (value !== undefined) return value;
  throw new CommandError(
    'CLI_FAILED',
    `The stack ${stack} has no output ${name}: deploy a WorkflowStack, or make outputs of these names in yours`,
  );
}

function stacksIn(path: string, file: string): Readonly<Record<string, Outputs>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CommandError(
      'CLI_FILE',
      `${file} cannot be read as JSON: write it by cdk deploy --outputs-file`,
      {
        cause,
      },
    );
  }
  const isStacks =
    isRecord(parsed) &&
    Object.values(parsed).every(
      (outputs) => isRecord(outputs) && Object.values(outputs).every((value) => typeof value === 'string'),
    );
  if (isStacks) return parsed as Readonly<Record<string, Outputs>>;
  throw new CommandError('CLI_FILE', `${file} is no file of outputs: write it by cdk deploy --outputs-file`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
