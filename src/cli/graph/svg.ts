import type { Graph } from '../../core/graph.ts';
import { shortened } from '../text.ts';
import { graphBox } from './layout.ts';
import { arrowDown, escaped, textWidth } from './shapes.ts';

/**
 * A workflow's graph as an SVG document, drawn without any library. Every entry is below the one before it, what runs beside
 * each other stands beside each other, and what is nested has a frame, so nothing can cross or overlap.
 */

const margin = 24;
const headHeight = 48;
const dot = 8;
const gap = 30;
/** Columns of the heading; the whole description is in the tooltip. */
const headColumns = 72;

// Colours of both schemes have a contrast of at least 4.5 to 1 for text (WCAG 2.2, 1.4.3).
const style = `
  svg { color-scheme: light dark; --ground: #ffffff; --ink: #1f2430; --soft: #5b6475; --line: #7a8394; --fill: #f4f6fa; --wait: #7a3db8; --nest: #1f5fbf; }
  @media (prefers-color-scheme: dark) { svg { --ground: #14171d; --ink: #e8ebf1; --soft: #a9b2c3; --line: #8b94a6; --fill: #1f242d; --wait: #c79bf2; --nest: #86b4ff; } }
  .ground { fill: var(--ground); }
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: var(--ink); }
  .small { font-size: 11px; fill: var(--soft); }
  .heading { font-size: 15px; font-weight: 600; }
  .node { fill: var(--fill); stroke: var(--line); stroke-width: 1.5; }
  .waits { stroke: var(--wait); }
  .maps { stroke-dasharray: 4 3; }
  .frame { fill: none; stroke: var(--nest); stroke-width: 1.2; }
  .each { stroke-dasharray: 6 4; }
  .edge { fill: none; stroke: var(--line); stroke-width: 1.5; }
  .bar { stroke: var(--ink); stroke-width: 5; stroke-linecap: round; }
  .choice { stroke: var(--ink); stroke-width: 2; stroke-linecap: round; }
  .head, .dot { fill: var(--line); }
`;

/** The drawing; `description` is shown under the name of the workflow. */
export function svg(title: string, description: string | undefined, graph: Graph): string {
  const box = graphBox(graph);
  const heading = shortened(title, headColumns);
  const subtitle = shortened(description ?? '', headColumns);
  const headWidth = Math.max(textWidth(heading, 15), textWidth(subtitle, 11));
  const axis = Math.max(box.axis, dot);
  const width = Math.ceil(2 * margin + Math.max(headWidth, axis + Math.max(box.width - box.axis, dot)));
  const x = margin + axis;
  const start = margin + headHeight;
  const top = start + dot + gap;
  const bottom = top + box.height;
  const height = Math.ceil(bottom + gap + 2 * dot + margin);
  const body = [
    `<title>${escaped(`Workflow ${title}`)}</title>`,
    ...(description === undefined ? [] : [`<desc>${escaped(description)}</desc>`]),
    `<style>${style}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="heading" x="${margin}" y="${margin + 14}">${escaped(heading)}</text>`,
    ...(subtitle === ''
      ? []
      : [`<text class="small" x="${margin}" y="${margin + 32}">${escaped(subtitle)}</text>`]),
    `<circle class="dot" cx="${x}" cy="${start}" r="${dot}"/>`,
    arrowDown(x, start + dot, top),
    ...box.draw(x - box.axis, top),
    arrowDown(x, bottom, bottom + gap),
    `<circle class="edge" cx="${x}" cy="${bottom + gap + dot}" r="${dot}"/>`,
    `<circle class="dot" cx="${x}" cy="${bottom + gap + dot}" r="${dot / 2}"/>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n${body.join('\n')}\n</svg>\n`;
}
