import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Context } from './command.ts';
import { CommandError, usageError } from './exit.ts';
import { askFor, askForJson } from './form/ask.ts';
import { type Lines, openLines } from './form/lines.ts';
import { fieldsText, mayBeAbsent, mayBeEmpty } from './form/schema.ts';

/** Where commands have values from: an argument, a file, the standard input, or a person who is asked. */

/** JSON as it was given: itself, `@file`, or `-` for the standard input. `what` names it in messages. */
export async function givenJson(context: Context, given: string, what: string): Promise<unknown> {
  const source = await sourceText(context, given, what);
  try {
    return JSON.parse(source) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy =
      given === '-' || given.startsWith('@') ? '' : `; put it between single quotes, a text too: '"text"'`;
    throw new CommandError('CLI_USAGE', `${what} is no JSON (${reason})${remedy}`, { cause });
  }
}

async function sourceText({ console }: Context, given: string, what: string): Promise<string> {
  if (given === '-') return await text(console.stdin);
  if (!given.startsWith('@')) return given;
  const path = resolve(console.cwd, given.slice(1));
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CommandError('CLI_FILE', `${what} cannot be read from ${path}: check that the file is there`, {
      cause,
    });
  }
}

/** The object that an option gives; undefined when it was not given. */
export async function objectOption(
  context: Context,
  name: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const given = context.option(name);
  if (given === undefined) return undefined;
  const value = await givenJson(context, given, `--${name}`);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw usageError(`--${name} is no JSON object: give one such as '{"key":"value"}'`);
}

/** What a command has a value for. */
export interface Wanted {
  /** For messages: `input`. */
  readonly what: string;
  /** JSON Schema, if there is one. */
  readonly schema: unknown;
  /** The argument, when it was given. */
  readonly given: string | undefined;
}

/**
 * Sends a value: the one that was given; on a terminal, without one, what a person answers, asked again for what the server
 * finds invalid; elsewhere nothing, if that could fit. Throws CLI_USAGE when it could not.
 */
export async function sendValue<Answer>(
  context: Context,
  { what, schema, given }: Wanted,
  send: (value: unknown) => Promise<Answer>,
  isInvalid: (error: unknown) => string | undefined,
): Promise<Answer> {
  if (given !== undefined) return await send(await givenJson(context, given, `The ${what}`));
  if (!context.isInteractive) return await send(absentValue(what, schema));
  const lines = openLines(context.console);
  try {
    for (;;) {
      const value = await ask(lines, context, what, schema);
      try {
        return await send(value);
      } catch (error) {
        const problem = isInvalid(error);
        if (problem === undefined) throw error;
        lines.say(context.paint('red', problem));
      }
    }
  } finally {
    lines.close();
  }
}

async function ask(lines: Lines, { paint }: Context, what: string, schema: unknown): Promise<unknown> {
  const isAny = schema === undefined || mayBeAbsent(schema);
  return isAny ? await askForJson(lines, `The ${what}`) : await askFor(lines, schema, paint);
}

function absentValue(what: string, schema: unknown): unknown {
  if (schema === undefined || mayBeAbsent(schema)) return undefined;
  if (mayBeEmpty(schema)) return {};
  throw usageError(
    `The ${what} is missing: give it as JSON, as @file or as - (standard input). It has: ${fieldsText(schema)}`,
  );
}
