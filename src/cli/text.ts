import { stripVTControlCharacters, styleText } from 'node:util';

/** Text for a terminal: what authors wrote made harmless, and fitted into columns. */

/**
 * What a terminal would obey or turn around: control characters (C0, C1, DEL), line and paragraph separators, and the
 * controls of bidirectional text.
 */
const unsafe = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** One line that no terminal obeys: escape sequences are left out, other controls are a space. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(unsafe, ' ').toWellFormed();
}

/** The same of several lines, which are kept. */
export function printableLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map((line) => printable(line.replaceAll('\t', '  ')));
}

/** JSON whose text no terminal obeys: what `JSON.stringify` leaves as it is and a terminal does not is escaped. */
export function safeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent) ?? 'null';
  // The line feeds of an indented text are outside of strings, and JSON escapes those inside.
  return text.replace(unsafe, (found) =>
    Array.from(found)
      .map((char) =>
        char === '\n' ? char : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
      )
      .join(''),
  );
}

/** A value on one line, as JSON. */
export function compact(value: unknown): string {
  return printable(safeJson(value));
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Wide and fullwidth characters (East_Asian_Width W and F, Unicode Standard Annex #11), in blocks. */
const wide =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const noWidth = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

function graphemeWidth(grapheme: string): number {
  if (noWidth.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

function split(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

// Most text is ASCII, where a character is a column.
const ascii = /^[\x20-\x7e]*$/;

/** Columns that a line takes on a terminal. Escape sequences that set colours take none. */
export function displayWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (ascii.test(plain)) return plain.length;
  return split(plain).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}

/** As many graphemes from the start as fit into `width` columns. */
function head(parts: readonly string[], width: number): string {
  let room = width;
  const end = parts.findIndex((part) => {
    room -= graphemeWidth(part);
    return room < 0;
  });
  return (end === -1 ? parts : parts.slice(0, end)).join('');
}

/** `text` in at most `width` columns, with its end left out. It must have no colours. */
export function shortened(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  return width <= 0 ? '' : `${head(split(text), width - 1)}…`;
}

/** `text` in at most `width` columns, with its middle left out: both ends of an id tell it from others. It must have no colours. */
export function shortenedInMiddle(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 0) return '';
  const parts = split(text);
  const before = Math.ceil((width - 1) / 2);
  const after = head(parts.toReversed(), width - 1 - before);
  return `${head(parts, before)}…${split(after).toReversed().join('')}`;
}

/** `text` followed by as many spaces as make it `width` columns. */
export function padded(text: string, width: number): string {
  return `${text}${' '.repeat(Math.max(0, width - displayWidth(text)))}`;
}

/** Words in lines of at most `width` columns, each behind `indent`; a word that is longer than a line stands by itself. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(indent) + displayWidth(longer) > width) {
      lines.push(`${indent}${line}`);
      line = word;
    } else {
      line = longer;
    }
  }
  return line === '' ? lines : [...lines, `${indent}${line}`];
}

/** Colours and weights that the output uses. */
export type Style = 'bold' | 'gray' | 'cyan' | 'yellow' | 'blue' | 'magenta' | 'green' | 'red';

/** Colours a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Leaves every text as it is. */
export const plain: Paint = (_style, text) => text;

/** Colours by escape sequences. */
export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** A duration in ms for people: `340 ms`, `2.5 s`, `3 m 05 s`, `2 h 10 m`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  if (/^[\w./:@%+=,-]+$/.test(text)) return text;
  // A control character would be obeyed by the terminal that prints it: $'...' names it (bash, zsh, ksh).
  if (text !== printable(text)) {
    const escaped = Array.from(text.toWellFormed()).map((char) => {
      if (char === '\\' || char === "'") return `\\${char}`;
      return char === printable(char) ? char : bytesOf(char);
    });
    return `$'${escaped.join('')}'`;
  }
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bytesOf(char: string): string {
  return [...new TextEncoder().encode(char)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
    .join('');
}

/** How many single edits (insert, delete, replace, swap of neighbours) lead from one text to another. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replace = (above[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swap =
        from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? (before[j - 2] ?? Infinity) + 1 : Infinity;
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replace, swap));
    }
    before = above;
    above = row;
  }
  return above[to.length] ?? 0;
}

/** The name that `given` was probably meant to be; undefined when none is near. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(given.length / 3));
  const ranked = names
    .map((name) => ({ name, far: name.startsWith(given) && given !== '' ? 0 : distance(given, name) }))
    .toSorted((a, b) => a.far - b.far);
  return ranked[0] !== undefined && ranked[0].far <= most ? ranked[0].name : undefined;
}
