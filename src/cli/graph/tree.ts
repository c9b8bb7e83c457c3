import type { Graph, GraphEntry, GraphStep } from '../../core/graph.ts';
import { padded, printable, shortened, shortenedInMiddle } from '../text.ts';
import { conditionText, foreachLabel, loopLabel, sleepLabel, stepKind } from './labels.ts';

/** A workflow's graph as an indented text. */

interface Row {
  readonly name: string;
  readonly note: string;
  readonly children: readonly Row[];
}

/** The graph as lines of at most `width` columns. */
export function graphTree(graph: Graph, width: number): string[] {
  return lines(graph.map(entryRow), '', width);
}

function lines(rows: readonly Row[], stem: string, width: number): string[] {
  return rows.flatMap(({ name, note, children }, index) => {
    const last = index === rows.length - 1;
    const lead = `${stem}${last ? '└─ ' : '├─ '}`;
    const room = Math.max(8, Math.min(40, width - 30) - lead.length);
    const text = `${lead}${padded(shortenedInMiddle(printable(name), room), room)}  ${printable(note)}`;
    return [shortened(text.trimEnd(), width), ...lines(children, `${stem}${last ? '   ' : '│  '}`, width)];
  });
}

function stepRow(step: GraphStep, note = ''): Row {
  const notes = [note, stepKind(step), step.description ?? ''].filter((part) => part !== '');
  const children = step.nested === undefined ? [] : step.nested.graph.map(entryRow);
  return { name: step.id, note: notes.join(' - '), children };
}

function entryRow(entry: GraphEntry): Row {
  switch (entry.type) {
    case 'step':
      return stepRow(entry);
    case 'mapping':
      return { name: entry.id, note: entry.description ?? 'maps values', children: [] };
    case 'parallel':
      return {
        name: 'parallel',
        note: entry.description ?? '',
        children: entry.arms.map((arm) => stepRow(arm)),
      };
    case 'conditional': {
      const children = entry.arms.map((arm, index) =>
        stepRow(arm, `if ${conditionText(entry.conditions[index] ?? '')}`),
      );
      return { name: 'branch', note: entry.description ?? '', children };
    }
    case 'loop':
      return stepRow(entry.step, `repeats ${loopLabel(entry)}`);
    case 'foreach':
      return stepRow(entry.step, foreachLabel(entry));
    case 'sleep':
    case 'sleepUntil':
      return { name: entry.id, note: sleepLabel(entry), children: [] };
  }
}
