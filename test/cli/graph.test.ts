import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { conditionText } from '../../src/cli/graph/labels.ts';
import { mermaid } from '../../src/cli/graph/mermaid.ts';
import { svg } from '../../src/cli/graph/svg.ts';
import { graphTree } from '../../src/cli/graph/tree.ts';
import { displayWidth } from '../../src/cli/text.ts';
import type { Graph, GraphEntry, GraphStep } from '../../src/core/graph.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { serve } from './run.ts';

const any = z.unknown();
const step = (id: string, more: object = {}) =>
  createStep({ id, inputSchema: any, outputSchema: any, execute: async () => 1, ...more });

const inner = createWorkflow({ id: 'shipping', inputSchema: any, outputSchema: any })
  .then(step('pack'))
  .dowhile(step('weigh'), { predicate: { op: 'gt', path: 'inputData.kilos', value: 30 } })
  .commit();

/** Every construct, with names that a drawing could trip over. */
const every = createWorkflow({
  id: 'every',
  description: 'Every construct, "quoted" & <tagged>',
  inputSchema: any,
  outputSchema: any,
})
  .then(step('first', { description: 'Begins' }))
  .parallel([step('left'), step('right', { resumeSchema: z.object({ ok: z.boolean() }) })])
  .map(async () => 1, { id: 'reshape' })
  .branch([
    [async ({ inputData }) => inputData === 1, step('one')],
    [
      {
        predicate: {
          and: [
            { op: 'gte', path: 'inputData.total', value: 100 },
            { op: 'exists', path: 'state.x' },
          ],
        },
      },
      inner,
    ],
  ])
  .dountil(step('again'), async () => true)
  .foreach(inner, { concurrency: 4 })
  .sleep(60_000, { id: 'rest' })
  .sleepUntil(new Date('2030-01-01T00:00:00Z'), { id: 'new-year' })
  .then(step('<script>alert("x")</script> & `end` ]] --> 報告\u001B[2J'))
  .commit();

describe('every construct', () => {
  test.each(['tree', 'mermaid', 'svg'])('as %s', async (format) => {
    const { evented } = serve([every]);
    const { code, out, err } = await evented(['graph', 'every', '--format', format]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const ending = { tree: 'txt', mermaid: 'mmd', svg: 'svg' }[format];
    await expect(out).toMatchFileSnapshot(`golden/graph-every.${ending}`);
    expect(out).not.toContain('\u001B');
    // A tree is plain text; in the others a tag could take effect.
    if (format !== 'tree') expect(out).not.toContain('<script');
  });

  test('with the schedules of the workflow', async () => {
    const schedule = [
      { id: 'early\u001B[2J', cron: '30 6 * * MON-FRI', timezone: 'Europe/Berlin' },
      { id: 'late', cron: '@daily' },
    ];
    const anything = z.any();
    const report = createWorkflow({ id: 'report', inputSchema: anything, outputSchema: anything, schedule });
    const { evented } = serve([report.then(step('only')).commit()]);
    const { out } = await evented(['graph', 'report']);
    const [, early, late] = out.split('\n');
    expect(early).toMatch(/^starts at 30 6 \* \* MON-FRI {2}Europe\/Berlin {2}\(early.*\)$/);
    expect(early).not.toContain('\u001B');
    expect(late).toBe('starts at @daily  UTC  (late)');
  });

  test('the tree fits its columns', async () => {
    const { evented } = serve([every]);
    for (const columns of [40, 80]) {
      const { out } = await evented(['graph', 'every'], { columns });
      expect(Math.max(...out.split('\n').map(displayWidth))).toBeLessThanOrEqual(columns);
    }
  });
});

test.each([
  ['async ({ inputData }) => inputData.a > 1', 'inputData.a > 1'],
  ['(context) => {\n  return context.ok;\n}', 'context.ok'],
  ['x => x', 'x'],
  ['async ({ a }) => { const b = a; return b; }', 'async ({ a }) => { const b = a; return b; }'],
  ['{"predicate":{"op":"ne","path":"state.a","value":"b"}}', 'state.a ≠ "b"'],
  ['{"predicate":{"op":"in","path":"state.a","value":[1,2]}}', 'state.a in [1,2]'],
  [
    '{"predicate":{"not":{"or":[{"op":"lt","path":"state.a","value":1},{"op":"notExists","path":"state.b"}]}}}',
    'not (state.a < 1 or no state.b)',
  ],
  ['{"predicate":{"and":[]}}', 'always'],
  ['{"predicate":{"or":[]}}', 'never'],
])('condition %s', (source, text) => {
  expect(conditionText(source)).toBe(text);
});

/** Graphs of any shape, to a depth that a drawing can still be looked at. */
const graphs = fc.letrec<{ graph: Graph; step: GraphStep; entry: GraphEntry }>((tie) => ({
  graph: fc.array(tie('entry'), { minLength: 1, maxLength: 3, size: 'small' }),
  step: fc
    .record({
      id: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
      canSuspend: fc.boolean(),
      nested: fc.option(fc.record({ workflowId: fc.string({ minLength: 1 }), graph: tie('graph') }), {
        nil: undefined,
        depthSize: 'small',
        maxDepth: 3,
      }),
    })
    .map(({ nested, ...rest }): GraphStep => (nested === undefined ? rest : { ...rest, nested })),
  entry: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    tie('step').map((one): GraphEntry => ({ type: 'step', ...one })),
    fc
      .array(tie('step'), { minLength: 1, maxLength: 4 })
      .map((arms): GraphEntry => ({ type: 'parallel', arms })),
    fc.array(fc.tuple(tie('step'), fc.string()), { minLength: 1, maxLength: 4 }).map(
      (pairs): GraphEntry => ({
        type: 'conditional',
        arms: pairs.map(([arm]) => arm),
        conditions: pairs.map(([, text]) => `() => ${text}`),
      }),
    ),
    fc
      .tuple(tie('step'), fc.string())
      .map(([body, condition]): GraphEntry => ({ type: 'loop', loopType: 'dowhile', step: body, condition })),
    tie('step').map((body): GraphEntry => ({ type: 'foreach', step: body, concurrency: '2' })),
    fc.string({ minLength: 1 }).map((id): GraphEntry => ({ type: 'sleep', id, time: '1000' })),
  ),
}));

interface Area {
  readonly x: number;
  readonly y: number;
  readonly right: number;
  readonly bottom: number;
  readonly isFrame: boolean;
}

function areasOf(drawing: string): Area[] {
  const pattern =
    /<rect class="(node|frame)[^"]*" x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"/g;
  return [...drawing.matchAll(pattern)].map(([, kind, ...numbers]) => {
    const [x = 0, y = 0, width = 0, height = 0] = numbers.map(Number);
    return { x, y, right: x + width, bottom: y + height, isFrame: kind === 'frame' };
  });
}

function isApart(a: Area, b: Area): boolean {
  return a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y;
}

function isInside(part: Area, outer: Area): boolean {
  const fits =
    part.x >= outer.x && part.right <= outer.right && part.y >= outer.y && part.bottom <= outer.bottom;
  return outer.isFrame && fits;
}

describe('any graph', () => {
  test('as SVG: nothing overlaps, all is within the picture, and it is well-formed', () => {
    fc.assert(
      fc.property(graphs.graph, fc.string(), (graph, title) => {
        const drawing = svg(title, title, graph);
        const [, width, height] = (/<svg[^>]* width="(\d+)" height="(\d+)"/.exec(drawing) ?? []).map(Number);
        const areas = areasOf(drawing);
        expect(areas.length).toBeGreaterThan(0);
        for (const area of areas) {
          expect(
            area.x >= 0 && area.y >= 0 && area.right <= (width ?? 0) && area.bottom <= (height ?? 0),
          ).toBe(true);
        }
        for (const [index, a] of areas.entries()) {
          for (const b of areas.slice(index + 1)) {
            expect(isApart(a, b) || isInside(a, b) || isInside(b, a)).toBe(true);
          }
        }
        expect(drawing).not.toMatch(/NaN|undefined|Infinity/);
        expectWellFormed(drawing);
      }),
      { numRuns: 60 },
    );
  });

  test('as Mermaid: each node is defined once, and edges lead between nodes', () => {
    fc.assert(
      fc.property(graphs.graph, fc.string(), (graph, title) => {
        const lines = mermaid(title, graph)
          .split('\n')
          .map((line) => line.trim());
        const nodes = lines.flatMap((line) => /^(\w+)[[({]/.exec(line)?.[1] ?? []);
        expect(new Set(nodes).size).toBe(nodes.length);
        for (const line of lines) {
          const edge = /^(\w+) -->(?:\|"[^"]*"\|)? (\w+)$/.exec(line);
          if (edge !== null) expect(nodes).toEqual(expect.arrayContaining([edge[1], edge[2]]));
          // One quoted text in a line, and nothing in it that could end it.
          expect(line.match(/"/g)?.length ?? 0).toBeLessThanOrEqual(2);
        }
        expect(lines.filter((line) => line.startsWith('subgraph')).length).toBe(
          lines.filter((line) => line === 'end').length,
        );
      }),
      { numRuns: 60 },
    );
  });

  test('as a tree: a line for each part, none too wide', () => {
    fc.assert(
      fc.property(graphs.graph, (graph) => {
        const lines = graphTree(graph, 80);
        expect(lines.length).toBeGreaterThanOrEqual(graph.length);
        expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80);
      }),
      { numRuns: 60 },
    );
  });
});

/** As far as the drawings use XML: elements that are closed in their order, attributes in quotes, no bare special character. */
function expectWellFormed(document: string): void {
  const open: string[] = [];
  const rest = document.replace(
    /<(\/?)(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g,
    (_, end: string, name: string, _attributes, empty: string) => {
      if (end === '/') expect(open.pop()).toBe(name);
      else if (empty === '') open.push(name);
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot|#39);)/);
}
