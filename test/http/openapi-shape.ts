import { z } from 'zod';

/** The shape of an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1), as far as this package uses it; nothing else passes. */

const text = z.string();
const count = z.int().min(0);

/** A schema object: keywords of JSON Schema draft 2020-12. */
const schema: z.ZodType = z.lazy(() =>
  z.union([
    z.boolean(),
    z.strictObject({
      $ref: z.string().startsWith('#/components/schemas/').optional(),
      type: z.enum(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']).optional(),
      description: text.optional(),
      properties: z.record(text, schema).optional(),
      required: z.array(text).min(1).optional(),
      additionalProperties: schema.optional(),
      items: schema.optional(),
      enum: z.array(z.unknown()).min(1).optional(),
      const: z.unknown().optional(),
      anyOf: z.array(schema).min(1).optional(),
      oneOf: z.array(schema).min(1).optional(),
      allOf: z.array(schema).min(1).optional(),
      format: text.optional(),
      pattern: text.refine((pattern) => new RegExp(pattern, 'u')).optional(),
      minLength: count.optional(),
      maxLength: count.optional(),
      minItems: count.optional(),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
      default: z.unknown().optional(),
    }),
  ]),
);

const content = z.record(
  z.string().regex(/^[\w.+-]+\/[\w.+-]+$/),
  z.strictObject({ schema, example: z.unknown().optional() }),
);

const parameter = z.strictObject({
  name: text.min(1),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean(),
  description: text.min(1),
  schema,
  example: z.unknown().optional(),
});

const response = z.strictObject({
  description: text.min(1),
  headers: z.record(text, z.strictObject({ description: text, required: z.boolean(), schema })).optional(),
  content: content.optional(),
});

const schemes = ['bearer', 'signature'] as const;
const security = z.array(z.partialRecord(z.enum(schemes), z.array(text).max(0)));

const operation = z.strictObject({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  tags: z.array(text).min(1),
  summary: text.min(1),
  description: text.min(1),
  security: security.optional(),
  parameters: z.array(parameter).min(1).optional(),
  requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), response),
  'x-codeSamples': z.array(z.strictObject({ lang: text, source: text })),
});

export const openApiShape = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({
    title: text,
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    summary: text,
    description: text,
    license: z.strictObject({ name: text, identifier: text }),
  }),
  servers: z.array(z.strictObject({ url: z.string().startsWith('/') })).min(1),
  tags: z.array(z.strictObject({ name: text, description: text })),
  security,
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'put', 'post', 'delete']), operation),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[\w.-]+$/), schema),
    securitySchemes: z.strictObject({
      bearer: z.strictObject({ type: z.literal('http'), scheme: text, description: text }),
      signature: z.strictObject({
        type: z.literal('apiKey'),
        in: z.literal('header'),
        name: text,
        description: text,
      }),
    }),
  }),
});
