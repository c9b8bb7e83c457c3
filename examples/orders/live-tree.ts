import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { changedRows, type Paint, renderRow, renderTree, type TreeRow } from './tree.ts';

/** Shows a tree that changes. */
export interface LiveTree {
  show(rows: readonly TreeRow[]): void;
  /** Leaves the tree as it stands; the next one is shown below what is printed in between. */
  leave(): void;
}

const colors = {
  pending: 'gray',
  running: 'cyan',
  retry: 'yellow',
  waiting: 'blue',
  suspended: 'magenta',
  ok: 'green',
  failed: 'red',
  canceled: 'yellow',
  'not taken': 'gray',
} as const;

/**
 * On a terminal the tree is redrawn in its place. Elsewhere (a file, a build log) a line is added for each step that
 * changed. Colours only where the stream and the environment (`NO_COLOR`, `FORCE_COLOR`) want them.
 */
export function liveTree(stream: WriteStream): LiveTree {
  const paint: Paint = (state, text) => styleText(colors[state], text, { stream });
  const width = Math.min(80, stream.columns ?? 80);
  let drawn = 0;
  let before: readonly TreeRow[] = [];
  return {
    show(rows) {
      // A tree that is higher than the screen could not be overdrawn.
      if (stream.isTTY && rows.length < stream.rows) {
        const lines = renderTree(rows, width, paint);
        stream.write(`${drawn > 0 ? `\u001B[${drawn}A\u001B[J` : ''}${lines.join('\n')}\n`);
        drawn = lines.length;
      } else {
        for (const row of changedRows(before, rows)) stream.write(`${renderRow(row, width, paint)}\n`);
      }
      before = rows;
    },
    leave() {
      drawn = 0;
    },
  };
}
