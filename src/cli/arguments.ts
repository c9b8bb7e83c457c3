import { parseArgs } from 'node:util';
import { usageError } from './exit.ts';
import { nearest } from './text.ts';

/** One option of a command. */
export interface OptionSpec {
  /** What its value is, for the help: `seconds`. Absent: the option takes none. */
  readonly value?: string;
  readonly short?: string;
  readonly summary: string;
}

/** Options by their names. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** One argument by position. */
export interface PositionalSpec {
  readonly name: string;
  readonly optional?: true;
}

/** What is parsed. */
export interface Syntax {
  /** For messages: `evented start`. */
  readonly name: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: OptionSpecs;
}

/** A command line as it was meant. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** Of each option that was given: its value, `true` for one that takes none. */
  readonly options: Readonly<Record<string, string | true | undefined>>;
}

function parserOptions(options: OptionSpecs) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
}

function tokensOf(argv: readonly string[], options: OptionSpecs) {
  const config = { args: [...argv], options: parserOptions(options), allowPositionals: true };
  return parseArgs({ ...config, strict: false, tokens: true }).tokens;
}

/** Where the name of the command stands in `argv`: options that come before it belong to all commands. -1 without one. */
export function commandIndex(argv: readonly string[], common: OptionSpecs): number {
  const token = tokensOf(argv, common).find(({ kind }) => kind === 'positional');
  return token === undefined ? -1 : token.index;
}

/** Reads a command line. Throws CLI_USAGE that names what is wrong, and the name that is near. */
export function readArguments(argv: readonly string[], syntax: Syntax): Arguments {
  const positionals: string[] = [];
  const options: Record<string, string | true> = {};
  for (const token of tokensOf(argv, syntax.options)) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind === 'option') options[token.name] = optionValue(token, syntax);
  }
  checkPositionals(positionals, syntax);
  return { positionals, options };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionValue({ name, rawName, value, inlineValue }: OptionToken, syntax: Syntax): string | true {
  const spec = Object.hasOwn(syntax.options, name) ? syntax.options[name] : undefined;
  if (spec === undefined) {
    const near = nearest(name, Object.keys(syntax.options));
    const remedy = near === undefined ? '' : `; did you mean --${near}?`;
    throw usageError(`${syntax.name} has no option ${rawName}${remedy}`, `${syntax.name} --help`);
  }
  if (spec.value === undefined) {
    if (value === undefined) return true;
    throw usageError(`${rawName} takes no value: write it without "=${value}"`, `${syntax.name} --help`);
  }
  if (value === undefined) {
    throw usageError(`${rawName} lacks its value: write ${rawName} <${spec.value}>`, `${syntax.name} --help`);
  }
  // Without "=" it is rather that the value was forgotten than that it begins with a dash.
  if (inlineValue !== true && value.length > 1 && value.startsWith('-')) {
    throw usageError(
      `${rawName} is followed by ${value}: write ${rawName}=${value} if that is its value, else give it one (<${spec.value}>)`,
      `${syntax.name} --help`,
    );
  }
  return value;
}

function checkPositionals(given: readonly string[], { name, positionals }: Syntax): void {
  const missing = positionals.slice(given.length).filter(({ optional }) => optional === undefined);
  if (missing.length > 0) {
    const names = missing.map((one) => `<${one.name}>`).join(' ');
    throw usageError(`${name} lacks ${names}`, `${name} --help`);
  }
  const extra = given[positionals.length];
  if (extra === undefined) return;
  const most = positionals.length === 0 ? 'no arguments' : `${positionals.length} at most`;
  throw usageError(
    `${name} has an argument too many, "${extra}" (${most}): put what has spaces in it between quotes`,
    `${name} --help`,
  );
}

/** A whole number from `least` to `most`. Throws CLI_USAGE. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value >= least && value <= most) return value;
  throw usageError(
    `${option} is "${text}": give a whole number from ${least} to ${most.toLocaleString('en')}`,
  );
}

/** One of `values`. Throws CLI_USAGE with the one that is near. */
export function oneOf<Value extends string>(option: string, text: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  const near = nearest(text, values);
  throw usageError(
    `${option} is "${text}": give one of ${values.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}
