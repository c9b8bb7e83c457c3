import { WorkflowApiError } from '../client/index.ts';
import { commandIndex, readArguments } from './arguments.ts';
import { type Command, commonOptions, contextOf, programName, serverOptions, wantsColor } from './command.ts';
import { commands } from './commands/index.ts';
import { type Console, widthOf } from './console.ts';
import { CommandError, exitCodeOf, exitCodes, usageError } from './exit.ts';
import { commandHelp, generalHelp, type HelpLook } from './help.ts';
import { coloured, nearest, plain, printableLines } from './text.ts';
import { packageVersion } from './version.ts';

/** The command line: `argv` without the program. Resolves with the exit code, and never rejects. */
export async function main(argv: readonly string[], console: Console): Promise<number> {
  try {
    return await dispatch(argv, console);
  } catch (error) {
    return report(error, console);
  }
}

const topOptions = { ...serverOptions, ...commonOptions, version: { short: 'v', summary: '' } };

async function dispatch(argv: readonly string[], console: Console): Promise<number> {
  const at = commandIndex(argv, topOptions);
  const name = at === -1 ? undefined : argv[at];
  const program = programName(console.env);
  if (name === undefined || name === 'help') return help(argv, at, console);
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    const near = nearest(
      name,
      commands.map((one) => one.name),
    );
    throw usageError(
      `There is no command "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
      `${program} --help`,
    );
  }
  const rest = argv.toSpliced(at, 1);
  if (asksForHelp(rest)) return print(console, commandHelp(command, lookOf(console)));
  return await command.run(contextOf(console, readArguments(rest, syntaxOf(command, program))));
}

/** Whether help is asked for, whatever else is wrong with the command line. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const options = end === -1 ? argv : argv.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

function syntaxOf(command: Command, program: string) {
  const { name, positionals, options, isLocal } = command;
  const shared = isLocal === true ? commonOptions : { ...serverOptions, ...commonOptions };
  return { name: `${program} ${name}`, positionals, options: { ...options, ...shared } };
}

function help(argv: readonly string[], at: number, console: Console): number {
  const program = programName(console.env);
  const rest = at === -1 ? argv : argv.toSpliced(at, 1);
  const { positionals, options } = readArguments(rest, {
    name: program,
    positionals: [{ name: 'command', optional: true }],
    options: topOptions,
  });
  if (options['version'] === true) return print(console, [packageVersion()]);
  const [name] = positionals;
  const command = commands.find((one) => one.name === name);
  if (name !== undefined && command === undefined) {
    const near = nearest(
      name,
      commands.map((one) => one.name),
    );
    const remedy = near === undefined ? '' : `; did you mean "${near}"?`;
    throw usageError(`There is no command "${name}"${remedy}`, `${program} --help`);
  }
  if (command !== undefined) return print(console, commandHelp(command, lookOf(console)));
  const text = generalHelp(commands, lookOf(console));
  if (at !== -1 || options['help'] === true) return print(console, text);
  // Nothing was asked for: a script that lost its arguments must not pass for one that did its work.
  console.stderr.write(`${text.join('\n')}\n`);
  return exitCodes.usage;
}

function lookOf(console: Console): HelpLook {
  const program = programName(console.env);
  const paint = wantsColor(console, false) ? coloured : plain;
  return { program, width: widthOf(console.stdout), paint };
}

function print({ stdout }: Console, lines: readonly string[]): number {
  stdout.write(`${lines.join('\n')}\n`);
  return exitCodes.ok;
}

/** Says on stderr what went wrong, and gives the exit code for it. */
function report(error: unknown, console: Console): number {
  const { stderr, signal, env } = console;
  if (signal.aborted && error === signal.reason) return exitCodes.interrupted;
  const say = (text: string): void =>
    void stderr.write(
      `${printableLines(text)
        .map((line) => line.trimEnd())
        .join('\n')}\n`,
    );
  if (error instanceof CommandError) {
    say(error.message);
    if (error.hint !== undefined) say(`See ${error.hint}`);
    return error.exitCode;
  }
  if (error instanceof WorkflowApiError) return reportApiError(error, say, programName(env));
  // What none of the above foresees is a fault of this program: its place is what helps.
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodes.failed;
}

function reportApiError(error: WorkflowApiError, say: (text: string) => void, program: string): number {
  const { code, status, message } = error;
  say(status === undefined ? message : `${message} (${code}, HTTP ${status})`);
  if (code === 'CLIENT_UNREACHABLE') {
    say(`Is the server up? Start one by ${program} dev, or name another by --url or EVENTED_URL.`);
    return exitCodes.unreachable;
  }
  if (code === 'CLIENT_ARGUMENT_INVALID') return exitCodes.usage;
  if (status === 401) say('Give a token by --token or EVENTED_TOKEN, or sign by --sigv4 <region>.');
  // API Gateway refuses before this package's code is asked, in words of its own.
  if (status === 403 && code === 'CLIENT_ANSWER_INVALID') {
    say('An API that asks for signatures says this: sign by --sigv4 <region>, as somebody who may call it.');
  }
  return status === undefined ? exitCodes.failed : exitCodeOf(status);
}
