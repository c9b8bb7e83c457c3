import {
  compact,
  displayWidth,
  duration,
  type Paint,
  padded,
  plain,
  printable,
  shortened,
  shortenedInMiddle,
  type Style,
} from '../text.ts';
import type { NodeState, RunNode } from './nodes.ts';

/** The tree of a run as lines of text. */

/** One node on one line. */
export interface TreeRow {
  readonly key: string;
  /** Lines that lead to it from the left. */
  readonly branch: string;
  readonly node: RunNode;
}

/** Rows from top to bottom. */
export function rowsOf(nodes: readonly RunNode[], stem = ''): TreeRow[] {
  return nodes.flatMap((node, index): TreeRow[] => {
    const last = index === nodes.length - 1;
    const row = { key: node.key, branch: `${stem}${last ? '└─ ' : '├─ '}`, node };
    return [row, ...rowsOf(node.children, `${stem}${last ? '   ' : '│  '}`)];
  });
}

const symbols: Readonly<Record<NodeState, string>> = {
  pending: '○',
  running: '●',
  retry: '↻',
  waiting: '◷',
  suspended: '‖',
  paused: '‖',
  ok: '✓',
  failed: '✗',
  canceled: '■',
  'not run': '·',
};

const styles: Readonly<Record<NodeState, Style>> = {
  pending: 'gray',
  running: 'cyan',
  retry: 'yellow',
  waiting: 'blue',
  suspended: 'magenta',
  paused: 'magenta',
  ok: 'green',
  failed: 'red',
  canceled: 'yellow',
  'not run': 'gray',
};

const stateWidth = 9;
const timeWidth = 11;
const barWidth = 10;

/** The row as a line of at most `width` columns. */
export function renderRow({ branch, node }: TreeRow, width: number, paint: Paint = plain): string {
  const placeWidth = Math.max(20, Math.min(44, width - 48));
  const lead = `${branch}${symbols[node.state]} `;
  // Deep down there is little room left: a stub of the name is more than none.
  const room = Math.max(6, placeWidth - displayWidth(lead));
  const name = padded(shortenedInMiddle(printable(node.name), room), room);
  const time = node.ms === undefined ? '' : duration(node.ms);
  const rest = [noteOf(node)].filter((part) => part !== '').join('');
  const columns = `${padded(node.state, stateWidth)}${time.padStart(timeWidth)}`;
  const line = shortened(`${lead}${name}  ${columns}${rest === '' ? '' : `  ${rest}`}`.trimEnd(), width);
  // Painted last, because the characters that set a colour take no room.
  return `${paint('gray', line.slice(0, branch.length))}${paint(styles[node.state], line.slice(branch.length))}`;
}

function noteOf({ note, progress, error, waits }: RunNode): string {
  const parts = [
    ...(progress === undefined ? [] : [`${bar(progress)} ${progress.done}/${progress.total}`]),
    ...(note === undefined ? [] : [printable(note)]),
    ...(error === undefined ? [] : [messageOf(error)]),
    ...(waits?.payload === undefined ? [] : [compact(waits.payload)]),
  ];
  return parts.join('  ');
}

function bar({ done, total }: { readonly done: number; readonly total: number }): string {
  const full = total === 0 ? barWidth : Math.floor((done / total) * barWidth);
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}`;
}

/** What an error says, on one line. */
export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) {
    return printable(String(error.message)).replace(/\s+/g, ' ').trim();
  }
  return typeof error === 'string' ? printable(error) : compact(error);
}

/** Rows that say something else than before: what is worth a new line where nothing can be drawn over. */
export function changedRows(before: readonly TreeRow[], after: readonly TreeRow[]): TreeRow[] {
  const old = new Map(before.map(({ key, node }) => [key, node]));
  return after.filter(({ key, node }) => {
    const was = old.get(key);
    if (was === undefined) return node.state !== 'pending';
    return (
      was.state !== node.state || was.progress?.done !== node.progress?.done || stable(was) !== stable(node)
    );
  });
}

/** Notes that tell how long something still takes change with each look. */
function stable({ note }: RunNode): string | undefined {
  return note?.replace(/ in [\d.]+ .*$/, '');
}
