import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { allDocuments, anchorsOf, type Document, linksOf, root } from './documents.ts';

const documents = allDocuments();
const anchors = new Map(documents.map((document) => [document.path, anchorsOf(document)]));

/** Links of a document that lead nowhere. */
function broken(document: Document): string[] {
  return linksOf(document).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document.path : normalize(join(dirname(document.path), decodeURI(path)));
    if (!anchors.has(target) && !existsSync(join(root, target))) return true;
    return anchor !== undefined && anchors.get(target)?.has(anchor) !== true;
  });
}

test('every link of the documents leads to a file, and to a heading of it', () => {
  expect(
    documents.flatMap((document) => broken(document).map((link) => `${document.path}: ${link}`)),
  ).toEqual([]);
});

test('a link that leads nowhere is found', () => {
  const text =
    '# One `Two`\n[a](nope.md) [b](#one-two) [c](#two) [d](README.md#limits) [e](README.md#nope) `[f](nope.md)`';
  const document = { path: 'planted.md', text };
  anchors.set('planted.md', anchorsOf(document));
  expect(broken(document)).toEqual(['nope.md', '#two', 'README.md#nope']);
});

test('the index of the guide leads to each of its pages', () => {
  const inGuide = documents.filter(({ path }) => path.startsWith('docs/guide/'));
  const index = inGuide.find(({ path }) => path.endsWith('/README.md'));
  const linked = new Set(
    index === undefined ? [] : linksOf(index).map((link) => `docs/guide/${link.split('#')[0]}`),
  );
  const pages = inGuide.filter((document) => document !== index).map(({ path }) => path);
  expect(pages.length).toBeGreaterThan(20);
  expect(pages.filter((path) => !linked.has(path))).toEqual([]);
});

test('every capability in the README has a page and tests', () => {
  const readme = documents.find(({ path }) => path === 'README.md')?.text ?? '';
  const [, table = ''] = /^## What is in\n+([^]*?)\n\n/m.exec(readme) ?? [];
  const rows = table.split('\n').slice(2);
  expect(rows.length).toBeGreaterThan(15);
  const without = rows.filter((text) => {
    const links = linksOf({ path: 'README.md', text });
    return !links.some((link) => link.startsWith('docs/')) || !links.some((link) => link.startsWith('test/'));
  });
  expect(without).toEqual([]);
});
