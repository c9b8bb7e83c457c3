import { z } from 'zod';
import { createHttpApp as createApp, type HttpApp, type HttpAppOptions } from '../../src/http/index.ts';
import { type OpenApiDocument, openApiDocument, type OpenApiResponse } from '../../src/http/openapi.ts';
import type { JsonSchema } from '../../src/http/operation.ts';

/**
 * Compares answers with the OpenAPI document: the status has to be declared for the operation, the content type for the
 * status, the body has to fit its schema, and headers that are always there have to be there.
 */

/** An answer that the document does not describe. */
export class NotDescribed extends Error {
  override readonly name = 'NotDescribed';
}

const document = openApiDocument('');

/** What a test says of its requests. */
export interface ConformingOptions {
  /** Path before all routes. */
  readonly basePath?: string;
  /** `any`: a fake may give problems that the operation does not have by itself; they are compared with `Problem` only. */
  readonly problems?: 'declared' | 'any';
}

/** The operation that a request calls; undefined for a path or a method that there is not. */
function operationOf(
  method: string,
  pathname: string,
): { template: string; operation: OpenApiDocument['paths'][string][string] | undefined } | undefined {
  const segments = pathname.split('/');
  const matching = Object.keys(document.paths).filter((template) => {
    const parts = template.split('/');
    return (
      parts.length === segments.length &&
      parts.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
    );
  });
  // A path without variables is meant before one with them.
  const template = matching.find((path) => !path.includes('{')) ?? matching[0];
  if (template === undefined) return undefined;
  const name = method === 'HEAD' ? 'get' : method.toLowerCase();
  return { template, operation: document.paths[template]?.[name] };
}

const validators = new Map<string, z.ZodType>();

/** A schema of the document as something that validates; components are found where JSON Schema has them. */
function validatorOf(schema: JsonSchema): z.ZodType {
  const key = JSON.stringify(schema);
  const known = validators.get(key);
  if (known !== undefined) return known;
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  const moved = JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Parameters<
    typeof z.fromJSONSchema
  >[0];
  const validator = z.fromJSONSchema(moved);
  validators.set(key, validator);
  return validator;
}

/** Throws {@link NotDescribed} for a value that does not fit a schema of the document. */
export function checkValue(value: unknown, schema: JsonSchema, what: string): void {
  const parsed = validatorOf(schema).safeParse(value);
  if (parsed.success) return;
  const shown = JSON.stringify(value).slice(0, 2_000);
  throw new NotDescribed(`${what}: ${reasons(parsed.error.issues).join('; ')}\n${shown}`);
}

/** Why a value does not fit. Of alternatives, the one that is of the type that the value says, else the first. */
function reasons(issues: readonly z.core.$ZodIssue[], within: readonly PropertyKey[] = []): string[] {
  return issues.flatMap((issue) => {
    const path = [...within, ...issue.path];
    const alternatives = issue.code === 'invalid_union' ? issue.errors : [];
    const meant = alternatives.find((own) => own.every((inner) => inner.path[0] !== 'type'));
    const nearest = meant ?? alternatives[0];
    return nearest === undefined
      ? [`${path.map(String).join('.')}: ${issue.message}`]
      : reasons(nearest, path);
  });
}

const problemSchema: JsonSchema = { $ref: '#/components/schemas/Problem' };

/** The part of an answer that is compared before anybody reads its body. */
function describedBy(
  request: { readonly method: string; readonly url: string },
  response: Response,
  { basePath = '', problems = 'declared' }: ConformingOptions,
): { what: string; described: OpenApiResponse | undefined } {
  const { pathname, searchParams } = new URL(request.url);
  const what = `${request.method} ${pathname} answers ${response.status}`;
  const isUnder = pathname.startsWith(`${basePath}/`);
  const found = isUnder ? operationOf(request.method, pathname.slice(basePath.length)) : undefined;
  const isProblem = response.status >= 400;
  if (found?.operation === undefined) {
    const expected = found === undefined ? [403, 404, 400] : [405, 401, 403, 400];
    if (request.method === 'OPTIONS' && response.status === 204) return { what, described: undefined };
    if (expected.includes(response.status)) return { what, described: problemAnswer(problemSchema) };
    throw new NotDescribed(`${what}: no operation has this path and method`);
  }
  if (isProblem && problems === 'any') return { what, described: problemAnswer(problemSchema) };
  const described = found.operation.responses[String(response.status)];
  if (described === undefined) {
    throw new NotDescribed(`${what}: ${found.operation.operationId} does not declare this status`);
  }
  const names = (found.operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const unknown = [...searchParams.keys()].find((key) => names.every(({ name }) => name !== key));
  if (!isProblem && unknown !== undefined && names.length > 0) {
    throw new NotDescribed(`${what}: ${found.operation.operationId} has no parameter ${unknown}`);
  }
  return { what, described: searchParams.has('fields') ? described : whole(described) };
}

function problemAnswer(schema: JsonSchema): OpenApiResponse {
  return { description: '', content: { 'application/problem+json': { schema } } };
}

/** Without `fields`, what only `fields` brings is no answer. */
function whole(response: OpenApiResponse): OpenApiResponse {
  const json = response.content?.['application/json'];
  const [full, sparse] = json?.schema.anyOf ?? [];
  if (full === undefined || sparse?.$ref?.endsWith('Fields') !== true) return response;
  return { ...response, content: { ...response.content, 'application/json': { schema: full } } };
}

/** Compares an answer with the document, and gives it back with a body that can still be read. Rejects with {@link NotDescribed}. */
export async function conforming(
  request: { readonly method: string; readonly url: string },
  response: Response,
  options: ConformingOptions = {},
): Promise<Response> {
  const { what, described } = describedBy(request, response, options);
  for (const [name, { required }] of Object.entries(described?.headers ?? {})) {
    if (required === true && !response.headers.has(name))
      throw new NotDescribed(`${what}: it lacks the header ${name}`);
  }
  const type = response.headers.get('content-type')?.split(';')[0]?.trim();
  const contents = described?.content ?? {};
  if (type === undefined) {
    if (Object.keys(contents).length === 0) return response;
    throw new NotDescribed(`${what}: it lacks a content type`);
  }
  const content = contents[type];
  if (content === undefined) throw new NotDescribed(`${what}: ${type} is not declared`);
  if (request.method === 'HEAD' || response.body === null) return response;
  if (type === 'text/event-stream') return checkedStream(response, what);
  if (type.endsWith('json')) checkValue(await response.clone().json(), content.schema, what);
  return response;
}

/** Checks each message of a stream as it is read, and reads no further than its reader does. */
function checkedStream(response: Response, what: string): Response {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return;
        }
        text += decoder.decode(value, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) checkMessage(block, what);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const { status, headers } = response;
  return new Response(body, { status, headers });
}

const doneSchema: JsonSchema = {
  type: 'object',
  properties: { cursor: { type: 'string' } },
  required: ['cursor'],
  additionalProperties: false,
};

function checkMessage(block: string, what: string): void {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return;
  const event = fields.get('event');
  const schemas: Readonly<Record<string, JsonSchema>> = { problem: problemSchema, done: doneSchema };
  const schema = event === undefined ? { $ref: '#/components/schemas/RunEvent' } : schemas[event];
  if (schema === undefined) throw new NotDescribed(`${what}: a message is named ${event}`);
  checkValue(JSON.parse(data), schema, `${what}, in a message`);
}

/** The app under test. Every answer is compared with the document; `fetch` and `request` reject for one that does not fit. */
export function createHttpApp<Platform extends object = object>(
  options: HttpAppOptions<Platform>,
  { problems = 'declared' }: Pick<ConformingOptions, 'problems'> = {},
): HttpApp<Platform> {
  const app = createApp(options);
  const conformance = { problems, basePath: options.basePath ?? '' };
  const inner = app.fetch;
  // `request` of the app calls its `fetch`.
  app.fetch = async (request, ...rest) => conforming(request, await inner(request, ...rest), conformance);
  return app;
}

/** `fetch` whose answers are compared with the document. */
export async function fetch(url: string, init?: RequestInit): Promise<Response> {
  const response = await globalThis.fetch(url, init);
  return conforming({ method: init?.method ?? 'GET', url }, response);
}
