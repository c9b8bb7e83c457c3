import { displayWidth, printable } from '../text.ts';

/** Pieces of an SVG document. */

/** A part of the drawing with its size in px. It is entered at its top and left at its bottom, `axis` px from its left. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly axis: number;
  draw(x: number, y: number): string[];
}

/** Width of an advance in a monospaced font: 0.6 of its size in all fonts of the list but for a percent or two. */
const advance = 0.62;

/** Width of a text in px. */
export function textWidth(text: string, size = 13): number {
  return displayWidth(text) * size * advance;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of an element or attribute. What XML 1.0 cannot carry (controls, U+FFFE and U+FFFF) is left out. */
export function escaped(text: string): string {
  return printable(text)
    .replace(/[\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/** px without what no screen shows. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const headLength = 7;

/** An arrow from above. */
export function arrowDown(x: number, from: number, to: number): string {
  return (
    `<path class="edge" d="M${px(x)} ${px(from)}V${px(to - headLength)}"/>` +
    `<path class="head" d="M${px(x)} ${px(to)}l-4 ${-headLength}h8z"/>`
  );
}

/** A line without a head. */
export function line(x: number, from: number, to: number): string {
  return `<path class="edge" d="M${px(x)} ${px(from)}V${px(to)}"/>`;
}

/** What a node looks like. */
export interface NodeLook {
  /** Further classes. */
  readonly look?: string;
  /** Radius of its corners, px. @default 6 */
  readonly round?: number;
  /** A smaller line below the name. */
  readonly note?: string;
  /** Tooltip: all of what the label may have cut off. */
  readonly title: string;
}

const nodePadding = 16;
const leastWidth = 96;

/** A rectangle with a name. */
export function nodeBox(label: string, { look = '', round = 6, note = '', title }: NodeLook): Box {
  const width = Math.ceil(
    Math.max(leastWidth, 2 * nodePadding + Math.max(textWidth(label), textWidth(note, 11))),
  );
  const height = note === '' ? 38 : 52;
  return {
    width,
    height,
    axis: width / 2,
    draw: (x, y) => {
      const middle = px(x + width / 2);
      const rect = `<rect class="node${look === '' ? '' : ` ${look}`}" x="${px(x)}" y="${px(y)}" width="${width}" height="${height}" rx="${round}"/>`;
      const name = `<text x="${middle}" y="${px(y + 24)}" text-anchor="middle">${escaped(label)}</text>`;
      const small =
        note === ''
          ? ''
          : `<text class="small" x="${middle}" y="${px(y + 41)}" text-anchor="middle">${escaped(note)}</text>`;
      return [`<g><title>${escaped(title)}</title>${rect}${name}${small}</g>`];
    },
  };
}

const framePadding = 16;
const frameHead = 34;

/** A frame with a title around what is inside it. */
export function frameBox(label: string, title: string, look: string, inside: Box): Box {
  const head = textWidth(label, 11) + 2 * framePadding;
  const width = Math.ceil(Math.max(inside.width + 2 * framePadding, head));
  const height = inside.height + frameHead + framePadding;
  const left = (width - inside.width) / 2;
  return {
    width,
    height,
    axis: left + inside.axis,
    draw: (x, y) => [
      `<g><title>${escaped(title)}</title>`,
      `<rect class="frame${look === '' ? '' : ` ${look}`}" x="${px(x)}" y="${px(y)}" width="${width}" height="${px(height)}" rx="10"/>`,
      `<text class="small" x="${px(x + framePadding)}" y="${px(y + 20)}">${escaped(label)}</text></g>`,
      ...inside.draw(x + left, y + frameHead),
    ],
  };
}
