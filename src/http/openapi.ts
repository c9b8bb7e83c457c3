import * as z from 'zod';
import { curlOf } from './openapi-example.ts';
import {
  type Answer,
  type JsonSchema,
  openApiVersion,
  type Operation,
  type OperationBody,
  type Parameter,
  type Parameters,
  problemsOf,
} from './operation.ts';
import { pathParameters } from './operation-parts.ts';
import { operations } from './operations.ts';
import { problem, type ProblemCode } from './problem.ts';
import { components } from './responses.ts';
import { packageVersion } from './version.ts';

/** The OpenAPI document of the API, made of the table of operations and the schemas of bodies and answers. */

/** A body by its content type. */
export type OpenApiContent = Readonly<
  Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>
>;

/** A parameter of an operation. */
export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: string;
}

/** Headers of an answer. */
export type OpenApiHeaders = Readonly<Record<string, Parameter>>;

/** A body of a request. */
export interface OpenApiRequestBody {
  readonly required: boolean;
  readonly content: OpenApiContent;
}

/** An answer of an operation. */
export interface OpenApiResponse {
  readonly description: string;
  readonly headers?: OpenApiHeaders;
  readonly content?: OpenApiContent;
}

/** An operation of a path. */
export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: OpenApiRequestBody;
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
  readonly 'x-codeSamples': readonly { readonly lang: string; readonly source: string }[];
}

/** The document. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<'title' | 'version' | 'summary' | 'description', string>> & {
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

const description = `Requests and answers are JSON in UTF-8. An answer of 400 or more is a problem document (RFC 9457).

- Unknown properties of a body and unknown parameters are refused (400).
- A path that no operation has is 404 \`HTTP_ROUTE_NOT_FOUND\`, another method 405 \`HTTP_METHOD_NOT_ALLOWED\` with \`Allow\`.
- \`HEAD\` answers as \`GET\` does, without the body.
- Times of a run are ISO 8601 text; times of steps and events are milliseconds since 1970.
- What is described is this version: a later one may add fields to answers, so a client should ignore what it does not know.`;

const tags = [
  { name: 'Workflows', description: 'What can be run, and starting it.' },
  { name: 'Runs', description: 'What was started: looking at it, and moving it.' },
  { name: 'Values', description: 'Values that are too large for bodies and answers.' },
  { name: 'Server', description: 'The server, and this document.' },
];

/** By the place in which the API is served: everybody, a token (local server, JWT), or a signature (AWS with `iam`). */
const security = [{}, { bearer: [] }, { signature: [] }];
const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The token of a local server, or a JWT.' },
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'AWS Signature Version 4 for the service execute-api.',
  },
};

const documents = new Map<string, OpenApiDocument>();

/** The document of an API under a path (empty for none); made once for each. */
export function openApiDocument(basePath: string): OpenApiDocument {
  const known = documents.get(basePath);
  if (known !== undefined) return known;
  const document: OpenApiDocument = {
    openapi: openApiVersion,
    info: {
      title: 'evented-workflows',
      version: packageVersion,
      summary: 'Durable, event-driven workflows over HTTP',
      description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    tags,
    security,
    paths: paths(),
    components: { schemas: componentSchemas(), securitySchemes },
  };
  documents.set(basePath, document);
  return document;
}

/** What Zod says too much of. */
function simplify({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const schema = jsonSchema;
  // Keys of JSON are text, and what is an integer here is a safe one.
  if (schema.propertyNames !== undefined) delete schema.propertyNames;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.format === 'date-time') delete schema.pattern;
}

/** Where a component is. */
function uri(id: string): string {
  return `#/components/schemas/${id}`;
}

function componentSchemas(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri, target: 'draft-2020-12', override: simplify });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutNames(schema)]));
}

/** In a document of its own, a schema says where it is and what it is written in; here the document does. */
function withoutNames({ $schema: _schema, $id: _id, ...schema }: z.core.JSONSchema.BaseSchema): JsonSchema {
  return schema as JsonSchema;
}

const componentIds = new Map<unknown, string>(Object.entries(components).map(([id, schema]) => [schema, id]));

/** A schema as an answer or a body refers to it. What is given as JSON Schema stays as it is. */
function schemaOf(schema: z.ZodType | JsonSchema, io: 'input' | 'output'): JsonSchema {
  const id = componentIds.get(schema);
  if (id !== undefined) return { $ref: uri(id) };
  if (!(schema instanceof z.ZodType)) return schema;
  const made = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    override: simplify,
    // Zod checks what is an object by itself where `z.record` would lose a key; nothing else of bodies is custom.
    unrepresentable: () => ({ type: 'object', additionalProperties: true }),
  });
  return withoutNames(made);
}

function paths(): OpenApiDocument['paths'] {
  const found = new Map<string, Record<string, OpenApiOperation>>();
  for (const operation of operations) {
    const [method = '', route = ''] = operation.route.split(' ');
    const path = route.replaceAll(/:(\w+)/g, '{$1}');
    found.set(path, { ...found.get(path), [method.toLowerCase()]: operationOf(operation) });
  }
  return Object.fromEntries(found);
}

function operationOf(operation: Operation): OpenApiOperation {
  const { id, tag, summary, open, body, answers } = operation;
  const parameters = parametersOf(operation);
  const responses = [
    ...Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)] as const),
    ...problemResponses(problemsOf(operation)),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: operation.description,
    ...(open === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(body, operation.example.body) }),
    responses: Object.fromEntries(responses),
    'x-codeSamples': [{ lang: 'Shell', source: curlOf(operation) }],
  };
}

function parametersOf({ route, query = {}, headers = {}, example }: Operation): OpenApiParameter[] {
  const inPath = [...route.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const list = (
    parameters: Parameters,
    place: OpenApiParameter['in'],
    examples: Readonly<Record<string, string>> = {},
  ): OpenApiParameter[] =>
    Object.entries(parameters).map(([name, parameter]) => ({
      name,
      in: place,
      required: place === 'path',
      ...parameter,
      ...(examples[name] === undefined ? {} : { example: examples[name] }),
    }));
  const named = Object.fromEntries(
    inPath.flatMap((name) => (pathParameters[name] === undefined ? [] : [[name, pathParameters[name]]])),
  ) as Parameters;
  return [
    ...list(named, 'path', example.path),
    ...list(query, 'query', example.query),
    ...list(headers, 'header', example.headers),
  ];
}

function requestBodyOf(
  { schema, required, properties }: OperationBody,
  example: unknown,
): OpenApiRequestBody {
  const made = schemaOf(schema, 'input');
  const told = Object.entries(made.properties ?? {}).map(([name, property]): [string, JsonSchema] => [
    name,
    { ...property, description: properties[name] ?? '' },
  ]);
  const content = {
    schema: made.properties === undefined ? made : { ...made, properties: Object.fromEntries(told) },
    ...(example === undefined ? {} : { example }),
  } as OpenApiContent[string];
  return { required, content: { 'application/json': content } };
}

function responseOf({ description: text, content, sparse, headers }: Answer): OpenApiResponse {
  const bodies = Object.entries(content ?? {}).map(([type, schema]) => {
    const whole = schemaOf(schema, 'output');
    const isSparse = sparse !== undefined && type === 'application/json';
    return [type, { schema: isSparse ? { anyOf: [whole, schemaOf(sparse, 'output')] } : whole }] as const;
  });
  return {
    description: text,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(content === undefined ? {} : { content: Object.fromEntries(bodies) }),
  };
}

function headersOf(headers: Parameters): OpenApiHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, header]) => [name, { required: true, ...header }]),
  );
}

const seconds = { description: 'Seconds after which it may go better.', schema: { type: 'integer' } };
const string = { type: 'string' };

/** What a problem says in its headers, by status. */
const problemHeaders: Readonly<Record<number, Parameters>> = {
  401: { 'WWW-Authenticate': { description: 'How a caller says who it is.', schema: string } },
  415: { 'Accept-Post': { description: 'What a body may be.', schema: string, required: false } },
  429: { 'Retry-After': seconds },
  503: { 'Retry-After': seconds },
};

function problemResponses(codes: readonly ProblemCode[]): (readonly [string, OpenApiResponse])[] {
  const byStatus = Map.groupBy(codes, (code) => problem(code, '').status);
  return [...byStatus].map(([status, own]) => {
    const headers = problemHeaders[status];
    const narrowed = { type: 'object', properties: { status: { const: status }, code: { enum: own } } };
    const schema: JsonSchema = { allOf: [{ $ref: uri('Problem') }, narrowed] };
    return [
      String(status),
      {
        description: own.map((code) => `\`${code}\`: ${problem(code, '').title}.`).join('\n'),
        ...(headers === undefined ? {} : { headers: headersOf(headers) }),
        content: { 'application/problem+json': { schema } },
      },
    ];
  });
}
