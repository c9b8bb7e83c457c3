import type { AnySchema } from '../core/definition.ts';
import { isObject } from './describe.ts';

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * A Standard Schema of an object with one text. Made here, because this package's authoring door loads no schema library. It
 * can give its JSON Schema, too (standardschema.dev/json-schema).
 */
export function textSchema(key: string): AnySchema {
  const wrong = (expected: string, value: unknown, path: string[]) => ({
    issues: [{ message: `Invalid input: expected ${expected}, received ${kindOf(value)}`, path }],
  });
  const json = () => ({
    type: 'object',
    properties: { [key]: { type: 'string' } },
    required: [key],
  });
  const standard = {
    version: 1 as const,
    vendor: 'evented-workflows',
    validate: (value: unknown) => {
      if (!isObject(value)) return wrong('object', value, []);
      const text = value[key];
      return typeof text === 'string' ? { value: { [key]: text } } : wrong('string', text, [key]);
    },
    jsonSchema: { input: json, output: json },
  };
  return Object.freeze({ '~standard': Object.freeze(standard) });
}
