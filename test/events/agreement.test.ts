import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { formatQueueMessage, parseQueueMessage } from '../../src/adapters/aws/index.ts';
import { requestDetails } from '../../src/adapters/aws/request-message.ts';
import { eventFields } from '../../src/adapters/aws/queue-message.ts';
import {
  eventSchemas,
  eventTypes,
  type JsonSchema,
  requestSchemas,
  requestTypes,
} from '../../src/events/index.ts';
import { event } from '../adapters/aws/samples.ts';

/** A schema without what only people read. */
function bare(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(bare);
  if (typeof schema !== 'object' || schema === null) return schema;
  const words = new Set(['$schema', '$id', 'title', 'description']);
  const entries = Object.entries(schema).filter(
    ([name, value]) => !words.has(name) || typeof value === 'object',
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, bare(value)]));
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

/** zod writes the bounds of the numbers that JavaScript can count with. */
function withoutSafeBound(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema), (name, value: unknown) =>
    name === 'maximum' && value === Number.MAX_SAFE_INTEGER ? undefined : value,
  );
}

const required = (schema: JsonSchema): readonly string[] => (schema.required ?? []).toSorted();

/** What the adapter of the bus adds for the queue and the meter, and the engine does not read. */
const added: ReadonlySet<string> = new Set(['lane', 'spent']);

describe('the documented schemas', () => {
  test.each(requestTypes)('of the request %s are those by which it is read', (type) => {
    const { required: read, ...rest } = bare(
      withoutSafeBound(jsonSchemaOf(requestDetails[type])),
    ) as JsonSchema;
    const { required: told, ...documented } = bare(requestSchemas[type]) as JsonSchema;
    expect(documented).toEqual(rest);
    expect((told ?? []).toSorted()).toEqual((read ?? []).toSorted());
  });

  test.each(eventTypes)(
    'of the event %s have no field that its reader does not know, nor ask for less',
    (type) => {
      const told = eventSchemas[type];
      expect(Object.keys(eventFields)).toEqual(
        expect.arrayContaining(Object.keys(told.properties ?? {}).filter((field) => !added.has(field))),
      );
      const read = Object.entries(eventFields).filter(([, { optional }]) => optional !== true);
      expect(required(told)).toEqual(expect.arrayContaining(read.map(([name]) => name)));
    },
  );

  test('of all events together have each field that their reader knows', () => {
    const told = eventTypes.flatMap((type) => Object.keys(eventSchemas[type].properties ?? {}));
    const known = new Set(told.filter((field) => !added.has(field)));
    expect([...known].toSorted()).toEqual(Object.keys(eventFields).toSorted());
    // Whatever is due later comes by a timer, and so past the bus.
    const due = eventTypes.filter((type) => 'dueAt' in (eventSchemas[type].properties ?? {}));
    expect(due).toEqual(['workflow.timeout']);
  });

  test('take nothing that their reader refuses', () => {
    const schemas = new Map(eventTypes.map((type) => [type, z.fromJSONSchema(eventSchemas[type] as never)]));
    let taken = 0;
    fc.assert(
      fc.property(event, (any) => {
        if (schemas.get(any.type)?.safeParse(any).success !== true) return;
        taken += 1;
        parseQueueMessage(formatQueueMessage(any));
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});

test('each schema stands for itself, and has a name of its own', () => {
  const schemas = [...Object.values(eventSchemas), ...Object.values(requestSchemas)];
  expect(new Set(schemas.map(({ $id }) => $id)).size).toBe(schemas.length);
  for (const schema of schemas) {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema.description).not.toBe('');
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  }
});
