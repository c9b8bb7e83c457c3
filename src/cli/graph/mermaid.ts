import type { Graph, GraphEntry, GraphStep } from '../../core/graph.ts';
import { printable, shortened, shortenedInMiddle } from '../text.ts';
import { conditionLabel, foreachLabel, labelWidth, loopLabel, sleepLabel, stepKind } from './labels.ts';

/** A workflow's graph as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html). */

/** Where a part of the chart is entered and left. A block without an end of its own is left by several. */
interface Part {
  readonly first: string;
  readonly last: string;
}

/** `title` names the workflow. */
export function mermaid(title: string, graph: Graph): string {
  const chart = new Chart();
  chart.add(`start([${quoted(title)}])`);
  const end = chart.series(graph, 'start');
  chart.add('finish((" "))');
  chart.edge(end, 'finish');
  return `flowchart TD\n${chart.lines.map((line) => `  ${line}\n`).join('')}`;
}

/** Mermaid reads entity codes in a quoted text, and nothing else that a quote, a tag or Markdown could be. */
function quoted(text: string): string {
  const safe = printable(text).replace(
    /[^\p{L}\p{N}\p{So} .,:=/()?!…≠≥≤_-]/gu,
    (char) => `#${char.codePointAt(0)};`,
  );
  return `"${safe}"`;
}

class Chart {
  readonly lines: string[] = [];
  #indent = '';
  #count = 0;

  add(line: string): void {
    this.lines.push(`${this.#indent}${line}`);
  }

  edge(from: string, to: string, label?: string): void {
    this.add(`${from} -->${label === undefined ? '' : `|${quoted(label)}|`} ${to}`);
  }

  #id(): string {
    this.#count += 1;
    return `n${this.#count}`;
  }

  /** Adds entries one after the other behind a node, and gives the last one. */
  series(graph: Graph, before: string): string {
    return graph.reduce((last, entry) => this.#entry(entry, last), before);
  }

  #node(text: string, open: string, close: string): string {
    const id = this.#id();
    this.add(`${id}${open}${quoted(text)}${close}`);
    return id;
  }

  #frame(title: string, fill: () => Part): Part {
    this.add(`subgraph ${this.#id()}[${quoted(title)}]`);
    const outside = this.#indent;
    this.#indent += '  ';
    const part = fill();
    this.#indent = outside;
    this.add('end');
    return part;
  }

  /** A step that stands by itself: what leads to it is added by whoever asked for it. */
  #step(step: GraphStep): Part {
    const { id, nested } = step;
    const name = shortenedInMiddle(printable(id), labelWidth);
    if (nested === undefined) {
      const kind = stepKind(step);
      const node = this.#node(kind === '' ? name : `${name} (${kind})`, '[', ']');
      return { first: node, last: node };
    }
    const title = nested.workflowId === id ? `workflow ${name}` : `${name}: workflow ${nested.workflowId}`;
    return this.#frame(shortened(title, 2 * labelWidth), () => {
      const first = this.#node(' ', '((', '))');
      return { first, last: this.series(nested.graph, first) };
    });
  }

  #entry(entry: GraphEntry, before: string): string {
    switch (entry.type) {
      case 'step': {
        const { first, last } = this.#step(entry);
        this.edge(before, first);
        return last;
      }
      case 'mapping':
        return this.#after(
          before,
          this.#node(`map ${shortenedInMiddle(printable(entry.id), labelWidth)}`, '[/', '/]'),
        );
      case 'sleep':
      case 'sleepUntil':
        return this.#after(before, this.#node(shortened(sleepLabel(entry), labelWidth), '([', '])'));
      case 'parallel':
      case 'conditional':
        return this.#block(entry, before);
      case 'loop': {
        const { first, last } = this.#step(entry.step);
        this.edge(before, first);
        const condition = this.#node(shortened(loopLabel(entry), labelWidth), '{', '}');
        this.edge(last, condition);
        this.edge(condition, first, 'again');
        return condition;
      }
      case 'foreach': {
        const { first, last } = this.#frame(foreachLabel(entry), () => this.#step(entry.step));
        this.edge(before, first);
        return last;
      }
    }
  }

  #after(before: string, node: string): string {
    this.edge(before, node);
    return node;
  }

  #block(entry: Extract<GraphEntry, { type: 'parallel' | 'conditional' }>, before: string): string {
    const fork =
      entry.type === 'parallel' ? this.#node('parallel', '[[', ']]') : this.#node('branch', '{{', '}}');
    this.edge(before, fork);
    const arms = entry.arms.map((arm, index) => {
      const part = this.#step(arm);
      const label = entry.type === 'conditional' ? conditionLabel(entry.conditions[index] ?? '') : undefined;
      this.edge(fork, part.first, label);
      return part;
    });
    const join = this.#node(' ', '((', '))');
    for (const { last } of arms) this.edge(last, join);
    return join;
  }
}
