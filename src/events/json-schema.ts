/** A JSON Schema (2020-12), as far as the schemas of events use it. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly pattern?: string;
}

/** What the fields of an object are: those of `required`, which it has to have, and those of `optional`. */
export interface Fields {
  readonly required: Readonly<Record<string, JsonSchema>>;
  readonly optional?: Readonly<Record<string, JsonSchema>>;
}

/** The schema of a detail that stands for itself. `open`: a later version may add fields, which a reader has to ignore. */
export function detailSchema(
  name: string,
  description: string,
  { required, optional = {} }: Fields,
  kind: 'open' | 'closed',
): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:evented-workflows:${name}`,
    title: name,
    description,
    ...objectSchema({ required, optional }),
    ...(kind === 'closed' ? { additionalProperties: false } : {}),
  };
}

/** The schema of an object within another. */
export function objectSchema({ required, optional = {} }: Fields): JsonSchema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
  };
}
