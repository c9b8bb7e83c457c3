import type { Context } from './command.ts';
import { printable, safeJson, shortened, type Style } from './text.ts';

/** What several commands print in the same way. */

/** Words of a command line about a run: an id that begins with a dash has to be told from an option. */
export function runCommand(command: string, runId: string, ...options: readonly string[]): string[] {
  return runId.startsWith('-') ? [command, ...options, '--', runId] : [command, runId, ...options];
}

/** Lines of a value that are printed for people; the rest is for `--json`. */
const mostLines = 30;

/** A value below a heading, each line cut to the width. */
export function valueLines({ paint, width }: Context, heading: string, value: unknown): string[] {
  const lines = safeJson(value, 2).split('\n');
  const shown = lines.length > mostLines ? lines.slice(0, mostLines) : lines;
  const left = lines.length - shown.length;
  return [
    paint('bold', heading),
    ...shown.map((line) => shortened(`  ${line}`, width)),
    ...(left === 0 ? [] : [paint('gray', `  ... ${left} lines more: --json prints all`)]),
  ];
}

/** Colour of a status. */
export function statusStyle(status: string): Style {
  return statusStyles[status] ?? 'cyan';
}

const statusStyles: Readonly<Record<string, Style>> = {
  parked: 'red',
  success: 'green',
  failed: 'red',
  tripwire: 'red',
  canceled: 'yellow',
  suspended: 'magenta',
  paused: 'magenta',
  waiting: 'blue',
};

/** A time as text in UTC, to the second. */
export function timeText(time: string | number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime())
    ? printable(String(time))
    : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
