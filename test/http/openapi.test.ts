import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { httpRoutes } from '../../src/http/index.ts';
import { openApiDocument } from '../../src/http/openapi.ts';
import { problemsOf } from '../../src/http/operation.ts';
import { operations } from '../../src/http/operations.ts';
import { packageVersion } from '../../src/http/version.ts';
import { importsOf, resolve } from '../architecture/imports.ts';
import { readSources } from '../architecture/read.ts';
import { parse } from '../architecture/source.ts';
import { checkValue } from './conforming.ts';
import { openApiShape } from './openapi-shape.ts';
import { realApp } from './fixtures.ts';

const document = openApiDocument('');
const methods = Object.entries(document.paths).flatMap(([path, own]) =>
  Object.entries(own).map(([method, operation]) => ({ path, method, operation })),
);

/** Every object within a value, with the path to it. */
function* objectsIn(value: unknown, path = ''): Generator<[string, Readonly<Record<string, unknown>>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [key, inner] of Object.entries(value)) yield* objectsIn(inner, `${path}/${key}`);
}

describe('the document', () => {
  test('is OpenAPI 3.1', () => {
    expect(openApiShape.safeParse(JSON.parse(JSON.stringify(document))).error?.issues).toBeUndefined();
  });

  test.each([
    ['a property that OpenAPI lacks', '/paths//runs/get', { parameter: [] }],
    ['a keyword that JSON Schema lacks', '/components/schemas/RunState', { nullable: true }],
    ['a wrong place', '/paths//runs/get/parameters/0', { in: 'body' }],
    ['a wrong status', '/paths//runs/get/responses', { ok: { description: '' } }],
  ])('would not be with %s', (_name, at, wrong) => {
    const copy: unknown = JSON.parse(JSON.stringify(document));
    const found = [...objectsIn(copy)].find(([path]) => path === at);
    expect(found).toBeDefined();
    Object.assign(found?.[1] ?? {}, wrong);
    expect(openApiShape.safeParse(copy).success).toBe(false);
  });

  test('refers to nothing that is not there, and has nothing that nobody refers to', () => {
    const refs = new Set(
      [...objectsIn(document)].flatMap(([, { $ref }]) => (typeof $ref === 'string' ? [$ref] : [])),
    );
    const names = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...refs].toSorted()).toEqual(names.toSorted());
  });

  test('says of each object whether it is open', () => {
    const open = [...objectsIn(document)].flatMap(([path, schema]) =>
      schema['type'] === 'object' && 'properties' in schema && schema['additionalProperties'] !== false
        ? [path.replace(/\/paths\/.*\/allOf\/1$/, '(problems of an operation)')]
        : [],
    );
    expect([...new Set(open)].toSorted()).toEqual([
      '(problems of an operation)',
      '/components/schemas/Error',
      '/components/schemas/Problem/properties/details',
      '/components/schemas/RunResult/properties/steps',
      '/paths//openapi.json/get/responses/200/content/application/json/schema',
    ]);
  });

  test('names each operation once, by a tag that it has', () => {
    const ids = methods.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    expect(tags).toEqual(expect.arrayContaining(methods.flatMap(({ operation }) => [...operation.tags])));
  });

  test('has the parameters of each path, and no others', () => {
    for (const { path, operation } of methods) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      const inTemplate = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(inPath.map(({ name }) => name)).toEqual(inTemplate);
    }
  });

  test('describes every parameter and every property of a body', () => {
    const bodies = methods.flatMap(({ operation }) =>
      Object.entries(operation.requestBody?.content['application/json']?.schema.properties ?? {}),
    );
    const parameters = methods.flatMap(({ operation }) => operation.parameters ?? []);
    const texts = [
      ...bodies.map(([, { description }]) => description),
      ...parameters.map(({ description }) => description),
    ];
    expect(texts.length).toBeGreaterThan(30);
    expect(texts.filter((text) => text === undefined || text.length < 10)).toEqual([]);
  });

  test('gives examples that fit', () => {
    for (const { operation } of methods) {
      for (const { name, schema, example } of operation.parameters ?? []) {
        if (example === undefined) continue;
        const isText = schema.type === 'string';
        checkValue(isText ? example : JSON.parse(example), schema, `${operation.operationId} ${name}`);
      }
      const body = operation.requestBody?.content['application/json'];
      if (body !== undefined && 'example' in body) {
        checkValue(body.example, body.schema, `the body of ${operation.operationId}`);
      }
    }
    const put = operations.find(({ id }) => id === 'putValue');
    const bytes = JSON.stringify(put?.example.body);
    expect(put?.example.path?.['sha256']).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('has the version of the package', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(packageVersion).toBe(manifest.version);
    expect(document.info.version).toBe(manifest.version);
  });

  test('says that a caller has to be let in, but for /health', () => {
    const open = methods.filter(({ operation }) => operation.security !== undefined);
    expect(open.map(({ path }) => path)).toEqual(['/health']);
    expect(open[0]?.operation.responses['401']).toBeUndefined();
    expect(document.paths['/runs']?.['get']?.responses['401']).toBeDefined();
  });
});

test('bodies are what the server takes', () => {
  for (const { body, route } of operations) {
    if (body?.schema instanceof z.ZodObject) {
      expect([route, Object.keys(body.properties).toSorted()]).toEqual([
        route,
        Object.keys(body.schema.shape as object).toSorted(),
      ]);
    }
  }
});

test('every route has an operation, and every operation a route', () => {
  const routes = httpRoutes.map(({ method, path }) => `${method} ${path}`);
  const described = operations.map(({ route }): string => route);
  expect(new Set(described).size).toBe(described.length);
  expect(described.toSorted()).toEqual(routes.toSorted());
});

test('no operation declares a problem twice', () => {
  for (const operation of operations) {
    expect(new Set(operation.problems).size).toBe(operation.problems.length);
    expect(problemsOf(operation)).toEqual(expect.arrayContaining([...operation.problems]));
  }
});

describe('GET /openapi.json', () => {
  test('answers the document', async () => {
    const response = await realApp().app.request('/openapi.json');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test('knows the path that the API stands under', async () => {
    const { app } = realApp({ basePath: '/api' });
    const { servers } = (await (await app.request('/api/openapi.json')).json()) as typeof document;
    expect(servers).toEqual([{ url: '/api' }]);
    expect(document.servers).toEqual([{ url: '/' }]);
  });

  test('is for callers who are let in', async () => {
    const { app } = realApp({ identify: () => '' });
    expect((await app.request('/openapi.json')).status).toBe(401);
    expect((await app.request('/docs')).status).toBe(401);
  });
});

test('who imports the API does not load the document', () => {
  const repository = fileURLToPath(new URL('../..', import.meta.url));
  const sources = new Map(readSources(repository, ['src']).map((source) => [source.path, source]));
  const loaded = new Set(['src/http/index.ts']);
  for (const path of loaded) {
    const source = sources.get(path);
    for (const { kind, specifier } of source === undefined ? [] : importsOf(parse(source))) {
      const target = kind === 'static' && specifier !== undefined ? resolve(path, specifier) : undefined;
      if (target !== undefined) loaded.add(target);
    }
  }
  expect(loaded).toContain('src/http/schemas.ts');
  const lazy = [...loaded].filter((path) => /openapi|operation|responses|-schemas/.test(path));
  expect(lazy).toEqual([]);
});
