import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OptionSpecs } from '../arguments.ts';
import type { Context } from '../command.ts';
import { CommandError, usageError } from '../exit.ts';

/** Options by which a command learns what a deployment is made of. */
export const deploymentOptions: OptionSpecs = {
  outputs: { value: 'file', summary: 'outputs of the stack: what cdk deploy --outputs-file wrote' },
  stack: { value: 'name', summary: 'which stack of that file (its only one)' },
  region: { value: 'region', summary: 'region of AWS (AWS_REGION, or that of the profile)' },
};

/** Outputs of a stack by their names; see `WorkflowStack`. */
export type Outputs = Readonly<Record<string, string>>;

/** The outputs of the stack that the options name; undefined without `--outputs`. */
export function outputsOf({ option, console }: Context): Outputs | undefined {
  const file = option('outputs');
  const stack = option('stack');
  if (file === undefined) {
    if (stack !== undefined)
      throw usageError('--stack chooses among the stacks of a file: give --outputs too');
    return undefined;
  }
  const stacks = stacksIn(resolve(console.cwd, file), file);
  const names = Object.keys(stacks);
  const name = stack ?? (names.length === 1 ? names[0] : undefined);
  const outputs = name === undefined ? undefined : stacks[name];
  if (outputs !== undefined) return outputs;
  throw usageError(
    stack === undefined
      ? `${file} has the stacks ${names.join(', ')}: give one by --stack`
      : `${file} has no stack "${stack}": it has ${names.join(', ') || 'none'}`,
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
