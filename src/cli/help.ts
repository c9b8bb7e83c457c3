import type { OptionSpecs } from './arguments.ts';
import { type Command, commonOptions, serverOptions } from './command.ts';
import { displayWidth, type Paint, padded, wrapped } from './text.ts';

/** The texts of `--help`, at most `width` columns wide. */

/** What all texts are made with. */
export interface HelpLook {
  /** How the program is called. */
  readonly program: string;
  readonly width: number;
  readonly paint: Paint;
}

/** Names on the left, what they are on the right, wrapped. */
function table(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.min(34, Math.max(...rows.map(([name]) => displayWidth(name))) + 2);
  return rows.flatMap(([name, text]) => {
    const lines = wrapped(text, width - left - 2);
    const isLong = displayWidth(name) > left - 2;
    const [first = ''] = lines;
    const head = isLong
      ? [`  ${name}`, `  ${' '.repeat(left)}${first}`]
      : [`  ${padded(name, left)}${first}`];
    return [...head, ...lines.slice(1).map((line) => `  ${' '.repeat(left)}${line}`)];
  });
}

function optionRows(options: OptionSpecs): [string, string][] {
  return Object.entries(options).map(([name, { value, short, summary }]) => {
    const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
    return [value === undefined ? names : `${names} <${value}>`, summary];
  });
}

function usageOf({ name, positionals }: Command): string {
  const words = positionals.map((one) => (one.optional ? `[${one.name}]` : `<${one.name}>`));
  return [name, ...words, '[options]'].join(' ');
}

function examples(rows: Command['examples'], { program, width, paint }: HelpLook): string[] {
  return rows.flatMap(([command, what]) => [
    ...wrapped(what, width, '  # ').map((line) => paint('gray', line)),
    `  ${program} ${command}`,
  ]);
}

/** Help for one command. */
export function commandHelp(command: Command, look: HelpLook): string[] {
  const { program, width, paint } = look;
  const { summary, details = [], options, isLocal } = command;
  const own = optionRows(options);
  return [
    `${paint('bold', 'Usage')}  ${program} ${usageOf(command)}`,
    '',
    ...wrapped(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, width),
    ...details.flatMap((text) => ['', ...wrapped(text, width)]),
    ...(own.length === 0 ? [] : ['', paint('bold', 'Options'), ...table(own, width)]),
    '',
    paint('bold', 'Options of all commands'),
    ...table(optionRows(isLocal === true ? commonOptions : { ...serverOptions, ...commonOptions }), width),
    '',
    paint('bold', 'Examples'),
    ...examples(command.examples, look),
  ];
}

/** Help for the whole. */
export function generalHelp(commands: readonly Command[], look: HelpLook): string[] {
  const { program, width, paint } = look;
  return [
    `${paint('bold', 'Usage')}  ${program} <command> [arguments] [options]`,
    '',
    'Runs, watches and steers durable workflows.',
    '',
    paint('bold', 'Commands'),
    ...table(
      commands.map(({ name, summary }): [string, string] => [name, summary]),
      width,
    ),
    '',
    paint('bold', 'Options'),
    ...table(
      optionRows({
        ...serverOptions,
        ...commonOptions,
        version: { short: 'v', summary: 'print the version' },
      }),
      width,
    ),
    '',
    paint('bold', 'Begin with'),
    ...examples(
      [
        ['dev', 'serve the workflows of evented.workflows.ts, and reload when it changes'],
        ['start orders', 'start a run: asks for its input'],
        ['show <run> --watch', 'look at it until it is over'],
      ],
      look,
    ),
    '',
    ...wrapped(
      'Exit codes: 0 done; 1 the run failed or the server refused; 2 wrong command line; 3 server not reachable;' +
        ' 4 not authenticated or not allowed; 5 not found; 6 conflict; 7 invalid value; 8 too many requests or not available.',
      width,
    ),
    '',
    `${program} <command> --help says more about a command.`,
  ];
}
