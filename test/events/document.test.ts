import { expect, test } from 'vitest';
import { z } from 'zod';
import { requestVerbs } from '../../src/adapters/aws/config.ts';
import { errorStatus } from '../../src/core/errors.ts';
import { eventSchemas, type JsonSchema, requestSchemas, requestTypes } from '../../src/events/index.ts';
import { allDocuments, blocksOf } from '../docs/documents.ts';

const document = allDocuments().find(({ path }) => path === 'docs/events.md') ?? { path: '', text: '' };

/** Cells of the rows whose first cell is one name in a span of code; of a name, the first row. */
const rows = new Map(
  [...document.text.matchAll(/^\| `([\w.]+)` \| (.*) \|$/gm)]
    .map(([, name = '', cells = '']) => [name, cells.split('|')] as const)
    .toReversed(),
);

/** Names in spans of code. */
function named(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name);
}

function fieldsOf(schema: JsonSchema | undefined): string[] {
  return Object.keys(schema?.properties ?? {});
}

/** What is told of all events together, in a table of its own. */
const common = [
  'format',
  'id',
  'type',
  'work',
  'workflowId',
  'runId',
  'epoch',
  'path',
  'hop',
  'time',
  'status',
  'lane',
  'spent',
];

test('has each event, its statuses and its fields', () => {
  for (const [type, schema] of Object.entries(eventSchemas)) {
    const [, statuses, fields] = rows.get(type) ?? [];
    expect([type, statuses !== undefined]).toEqual([type, true]);
    if (type === 'workflow.request.refused') continue;
    const own = fieldsOf(schema).filter((name) => !common.includes(name));
    expect([type, ...named(fields).toSorted()]).toEqual([type, ...own.toSorted()]);
    const allowed = schema.properties?.['status']?.enum ?? [];
    for (const status of named(statuses)) expect(allowed).toContain(status);
    if (type !== 'workflow.step.end') expect(named(statuses)).toEqual([...allowed]);
  }
});

test('says what each field is', () => {
  const all = Object.values(eventSchemas).slice(0, -1).flatMap(fieldsOf);
  const table = document.text.split('### The fields')[1]?.split('```')[0] ?? '';
  expect(named(table)).toEqual(expect.arrayContaining([...new Set(all)].filter((name) => name !== 'status')));
});

test('has each request and its fields, those first that it has to have', () => {
  expect(requestVerbs.map((verb) => `workflow.${verb}`)).toEqual([...requestTypes]);
  for (const type of requestTypes) {
    const line = document.text.split('\n').findLast((text) => text.startsWith(`| \`${type}\` | `));
    const { required = [] } = requestSchemas[type];
    expect([type, ...named(line?.split(' | ')[1])]).toEqual([type, ...fieldsOf(requestSchemas[type])]);
    expect(named(line?.split(' | ')[1]?.split(';')[0])).toEqual([...required]);
  }
});

test('has examples that are as the schemas say', () => {
  const examples = blocksOf(document)
    .filter(({ language }) => language === 'json')
    .map(({ text }) => JSON.parse(text) as { source?: unknown; 'detail-type'?: unknown; detail?: unknown })
    .filter((example) => typeof example['detail-type'] === 'string');
  expect(examples.length).toBeGreaterThanOrEqual(3);
  for (const { source, 'detail-type': type, detail } of examples) {
    const schemas: Readonly<Record<string, JsonSchema>> =
      source === 'evented-workflows' ? eventSchemas : requestSchemas;
    const schema = z.fromJSONSchema({ ...schemas[String(type)], additionalProperties: false } as never);
    expect(schema.safeParse(detail)).toMatchObject({ success: true });
  }
  const put = [...document.text.matchAll(/put-events --entries '(\[[^']*\])'/g)].map(([, text = '']) => text);
  const entries = put.flatMap(
    (text) => JSON.parse(text.replaceAll('\n', ' ')) as { DetailType: 'workflow.start'; Detail: string }[],
  );
  expect(entries.map(({ DetailType }) => DetailType)).toEqual([...requestTypes]);
  for (const { DetailType, Detail } of entries) {
    const schema = z.fromJSONSchema(requestSchemas[DetailType] as never);
    expect(schema.safeParse(JSON.parse(Detail))).toMatchObject({ success: true });
  }
});

test('names codes that there are', () => {
  const codes = [...document.text.matchAll(/\bWORKFLOW_[A-Z_]+\b/g)].map(([code]) => code);
  expect(codes.filter((code) => !(code in errorStatus))).toEqual([]);
});
