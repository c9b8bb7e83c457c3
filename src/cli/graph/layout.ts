import type { Graph, GraphEntry, GraphStep } from '../../core/graph.ts';
import { printable, shortened, shortenedInMiddle } from '../text.ts';
import {
  conditionLabel,
  conditionText,
  foreachLabel,
  labelWidth,
  loopLabel,
  sleepLabel,
  stepKind,
} from './labels.ts';
import { arrowDown, type Box, escaped, frameBox, line, nodeBox, px, textWidth } from './shapes.ts';

/** Where the parts of a graph are drawn. A part's box holds all of it, and boxes stand below or beside each other. */

const gap = 30;
const between = 28;

/** All entries of a graph, one below the other. */
export function graphBox(graph: Graph): Box {
  const boxes = graph.map(entryBox);
  const axis = Math.max(0, ...boxes.map((box) => box.axis));
  const width = axis + Math.max(0, ...boxes.map((box) => box.width - box.axis));
  const height = boxes.reduce((sum, box) => sum + box.height, 0) + gap * Math.max(0, boxes.length - 1);
  return {
    width,
    height,
    axis,
    draw: (x, y) => {
      let top = y;
      return boxes.flatMap((box, index) => {
        const from = top;
        if (index > 0) top += gap;
        const drawn = box.draw(x + axis - box.axis, top);
        const edge = index === 0 ? [] : [arrowDown(x + axis, from, top)];
        top += box.height;
        return [...edge, ...drawn];
      });
    },
  };
}

function entryBox(entry: GraphEntry): Box {
  switch (entry.type) {
    case 'step':
      return stepBox(entry);
    case 'mapping':
      return nodeBox(named(entry.id), {
        look: 'maps',
        note: 'map',
        title: entry.description ?? `mapping ${entry.id}: ${entry.mapConfig}`,
      });
    case 'sleep':
    case 'sleepUntil':
      return nodeBox(shortened(sleepLabel(entry), labelWidth), {
        round: 19,
        title: `${entry.id}: ${sleepLabel(entry)} (${entry.time})`,
      });
    case 'parallel':
    case 'conditional':
      return armsBox(entry);
    case 'loop':
      return loopBox(entry);
    case 'foreach': {
      const label = foreachLabel(entry);
      return frameBox(label, `${label} (${entry.concurrency})`, 'each', stepBox(entry.step));
    }
  }
}

function named(id: string): string {
  return shortenedInMiddle(printable(id), labelWidth);
}

function stepBox(step: GraphStep): Box {
  const { id, nested, description } = step;
  const title = description === undefined ? id : `${id}: ${description}`;
  if (nested === undefined) {
    const look = step.canSuspend ? { look: 'waits' } : {};
    return nodeBox(named(id), { ...look, note: stepKind(step), title });
  }
  const { workflowId, graph } = nested;
  const label = workflowId === id ? `workflow ${named(id)}` : `${named(id)}: workflow ${named(workflowId)}`;
  return frameBox(label, title, '', graphBox(graph));
}

/** What leads from the bar at the top to an arm; its condition stands there. */
const armGap = 26;
const labelHeight = 24;

function armsBox(entry: Extract<GraphEntry, { type: 'parallel' | 'conditional' }>): Box {
  const conditions = entry.type === 'conditional' ? entry.conditions : [];
  const columns = entry.arms.map((arm, index) =>
    armColumn(stepBox(arm), entry.type === 'conditional' ? (conditions[index] ?? '') : undefined),
  );
  const top = armGap + (entry.type === 'conditional' ? labelHeight : 0);
  const tallest = Math.max(0, ...columns.map(({ box }) => box.height));
  const height = top + tallest + armGap;
  const lefts = columns.map((_, index) =>
    columns.slice(0, index).reduce((sum, column) => sum + column.width + between, 0),
  );
  const width = (lefts.at(-1) ?? 0) + (columns.at(-1)?.width ?? 0);
  const axes = columns.map((column, index) => (lefts[index] ?? 0) + column.axis);
  const [first = 0, last = first] = [axes[0], axes.at(-1)];
  const look = entry.type === 'parallel' ? 'bar' : 'choice';
  const bar = (x: number, y: number): string =>
    `<path class="${look}" d="M${px(x + first - 12)} ${px(y)}H${px(x + last + 12)}"/>`;
  return {
    width,
    height,
    axis: (first + last) / 2,
    draw: (x, y) => [
      ...columns.flatMap(({ box, axis, label }, index) => {
        const left = x + (lefts[index] ?? 0);
        const at = left + axis;
        return [
          ...label(at, y),
          ...box.draw(at - box.axis, y + top),
          line(at, y + top + box.height, y + height),
        ];
      }),
      bar(x, y),
      bar(x, y + height),
    ],
  };
}

interface ArmColumn {
  readonly width: number;
  readonly axis: number;
  readonly box: Box;
  /** The edge from the bar to the arm, with its condition. */
  readonly label: (x: number, y: number) => string[];
}

function armColumn(box: Box, condition: string | undefined): ArmColumn {
  if (condition === undefined) {
    const { width, axis } = box;
    return { width, axis, box, label: (x, y) => [arrowDown(x, y, y + armGap)] };
  }
  const text = conditionLabel(condition);
  const half = (textWidth(text, 11) + 8) / 2;
  const axis = Math.max(box.axis, half);
  return {
    box,
    axis,
    width: axis + Math.max(box.width - box.axis, half),
    label: (x, y) => [
      line(x, y, y + 12),
      `<g><title>${escaped(`if ${conditionText(condition)}`)}</title><text class="small" x="${px(x)}" y="${px(y + 25)}" text-anchor="middle">${escaped(text)}</text></g>`,
      arrowDown(x, y + 31, y + armGap + labelHeight),
    ],
  };
}

/** Room above the body of a loop where the way back comes in, and at its right where it goes up. */
const backTop = 18;
const backRight = 56;

function loopBox(entry: Extract<GraphEntry, { type: 'loop' }>): Box {
  const body = stepBox(entry.step);
  const label = loopLabel(entry);
  const condition = nodeBox(shortened(label, labelWidth), { round: 19, title: label });
  const axis = Math.max(body.axis, condition.axis);
  const right = Math.max(body.width - body.axis, condition.width - condition.axis);
  const height = backTop + body.height + gap + condition.height;
  return {
    width: axis + right + backRight,
    height,
    axis,
    draw: (x, y) => {
      const at = x + axis;
      const below = y + backTop + body.height;
      const middle = below + gap + condition.height / 2;
      const edge = at + condition.width - condition.axis;
      const back = at + right + backRight - 12;
      return [
        arrowDown(at, y, y + backTop),
        ...body.draw(at - body.axis, y + backTop),
        arrowDown(at, below, below + gap),
        ...condition.draw(at - condition.axis, below + gap),
        `<path class="edge" d="M${px(edge)} ${px(middle)}H${px(back)}V${px(y + 4)}H${px(at + 7)}"/>`,
        `<path class="head" d="M${px(at)} ${px(y + 4)}l7 -4v8z"/>`,
        `<text class="small" x="${px(back - 4)}" y="${px(middle - 5)}" text-anchor="end">again</text>`,
      ];
    },
  };
}
