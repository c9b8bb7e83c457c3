import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { html, prose } from '../../src/http/markup.ts';
import { type OpenApiDocument, openApiDocument } from '../../src/http/openapi.ts';
import { openApiPage } from '../../src/http/openapi-page.ts';
import { realApp } from './fixtures.ts';

const document = openApiDocument('');
const page = openApiPage(document, '/openapi.json');

/** Elements without an end tag. */
const empty = new Set(['meta', 'br', 'wbr']);

/** Text of the page as a reader sees it, after it was checked that every element is closed where it should be. */
function textOf(source: string): string {
  const open: string[] = [];
  const body = source.replace('<!doctype html>', '').replace(/<style>[^<]*<\/style>/, '');
  const text = body.replaceAll(/<(\/?)([a-z]\w*)[^>]*>/g, (_, end: string, name: string) => {
    if (end === '/') expect(open.pop()).toBe(name);
    else if (!empty.has(name)) open.push(name);
    return '';
  });
  expect(open).toEqual([]);
  expect(text).not.toMatch(/[<>]/);
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

test('the page shows every operation with its parameters, its example, and every schema', () => {
  const text = textOf(page);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      expect(text).toContain(`${method.toUpperCase()} ${path}`);
      expect(text).toContain(operation['x-codeSamples'][0]?.source);
      expect(page).toContain(`id="${operation.operationId}"`);
      for (const { name } of operation.parameters ?? []) expect(text).toContain(name);
    }
  }
  for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
});

test('links lead to places of the page, or to the document', () => {
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const links = [...page.matchAll(/ href="([^"]*)"/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(50);
  const broken = links.filter((link) => !ids.includes(link.slice(1)) || !link.startsWith('#'));
  expect(broken).toEqual(['/openapi.json']);
});

test('it loads nothing, runs nothing, and asks to be shown on a phone and in the dark', () => {
  expect(page).not.toMatch(/<(?:script|link|img|iframe|object|form)|\ssrc=|\son\w+=|\sstyle=|url\(|@import/i);
  expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  expect(page).toContain('color-scheme: light dark');
});

test('the policy allows its style and nothing else', async () => {
  const response = await realApp().app.request('/docs');
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const text = await response.text();
  expect(text).toBe(page);
  const style = /<style>([^<]*)<\/style>/.exec(text)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(response.headers.get('content-security-policy')).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
});

test('under a path, the page leads to the document of that path', async () => {
  const text = await (await realApp({ basePath: '/api' }).app.request('/api/docs')).text();
  expect(text).toContain('href="/api/openapi.json"');
});

test('every text is escaped, wherever it stands', () => {
  const hostile = `"'><script>alert(1)</script>&`;
  const poison = (value: unknown): unknown => {
    if (typeof value === 'string') return value.startsWith('#/') ? value : `${value}${hostile}`;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(poison);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poison(inner)]));
  };
  const { openapi, tags, ...rest } = document;
  const poisoned = { ...(poison(rest) as OpenApiDocument), openapi: hostile, tags: tags.slice(0, 1) };
  const paths = Object.fromEntries(
    Object.entries(poisoned.paths).map(([path, methods]) => [
      `${path}${hostile}`,
      Object.fromEntries(
        Object.entries(methods).map(([name, own]) => [`${name}${hostile}`, { ...own, tags: ['Workflows'] }]),
      ),
    ]),
  );
  const source = openApiPage({ ...poisoned, paths }, hostile);
  expect(source).not.toContain('<script');
  expect(source.split('&lt;script&gt;').length).toBeGreaterThan(500);
  expect(openapi).toBe('3.1.1');
});

test('markup escapes what is no markup', () => {
  const inner = html`<b>${'<i>'}</b>`;
  expect(html`<p title="${'"'}">${['a', 1, inner]}</p>`.source).toBe(
    '<p title="&quot;">a1<b>&lt;i&gt;</b></p>',
  );
  expect(html`${prose('say `a<b` twice\nnow')}`.source).toBe('say <code>a&lt;b</code> twice<br>now');
});
