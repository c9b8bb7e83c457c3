import type { Source } from '../../architecture/source.ts';

/** A docstring, taken apart. Texts are Markdown with `{@link ...}` still in them. */
export interface Docstring {
  readonly text: string;
  readonly tags: readonly Tag[];
}

export interface Tag {
  readonly name: string;
  readonly text: string;
}

/** Block tags that the sources may use. What else begins with an at sign is text, as the scope of a package is. */
const TAGS = ['default', 'typeParam', 'param', 'returns', 'throws', 'deprecated', 'example', 'remarks'];
const TAG = new RegExp(`(?:^|\\s)@(${TAGS.join('|')})\\b[ \\t]*`, 'gu');

/** The text of the docstring that ends right before an offset; undefined without one. */
export function docstringBefore(source: Source, at: number): string | undefined {
  const comment = source.comments.findLast(({ end }) => end <= at);
  if (comment?.type !== 'Block' || !comment.value.startsWith('*')) return undefined;
  if (source.text.slice(comment.end, at).trim() !== '') return undefined;
  return comment.value
    .slice(1)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/u, '').trimEnd())
    .join('\n')
    .trim();
}

/** Divides a docstring into its text and its tags. */
export function readDocstring(raw: string): Docstring {
  const found = [...raw.matchAll(TAG)];
  const tags: Tag[] = [];
  for (const [index, match] of found.entries()) {
    const name = match[1] ?? '';
    const text = raw.slice(match.index + match[0].length, found[index + 1]?.index).trim();
    const last = tags.at(-1);
    // Behind a parameter, a default is that of the parameter.
    if (name === 'default' && (last?.name === 'param' || last?.name === 'typeParam')) {
      tags[tags.length - 1] = { name: last.name, text: withDefault(last.text, text) };
    } else tags.push({ name, text });
  }
  return { text: raw.slice(0, found[0]?.index).trim(), tags };
}

/** Gives the link of a name, or undefined for one that has no place. */
export type Linker = (name: string) => string | undefined;

/** A docstring as Markdown: its text, then what its tags say. */
export function renderDocstring(raw: string, link: Linker): string {
  const { text, tags } = readDocstring(raw);
  const of = (name: string): string[] => tags.filter((tag) => tag.name === name).map((tag) => tag.text);
  const named = (title: string, entries: readonly string[]): string[] =>
    entries.length === 0 ? [] : [`${title}\n\n${entries.map(namedEntry).join('\n')}`];
  const blocks = [
    ...of('deprecated').map((reason) => `**Deprecated.** ${reason}`),
    withDefault(text, of('default')[0]),
    ...of('remarks'),
    ...named('Type parameters:', of('typeParam')),
    ...named('Parameters:', of('param')),
    ...of('returns').map((what) => `Returns ${what}`),
    ...of('throws').map((what) => `Throws ${what}`),
    ...of('example').map((example) => `Example:\n\n${fenced(example)}`),
  ];
  return renderLinks(blocks.filter((block) => block !== '').join('\n\n'), link);
}

function namedEntry(text: string): string {
  const [name = '', ...words] = text.split(/\s+/u);
  return `- \`${name}\`: ${words.join(' ').replace(/^- /u, '')}`;
}

/** A default that is nothing but a value: a literal, or a name with dots. */
const CODE = /^(?:true|false|null|-?\d[\d,.]*|'[^']*'|\w+(?:\.\w+)+(?:\(\d*\))?)$/u;

function withDefault(text: string, value: string | undefined): string {
  if (value === undefined) return text;
  const said = value.replace(/^- /u, '');
  const shown = CODE.test(said) ? `\`${said}\`` : said;
  const sentence = `Default: ${shown}${/[.!?]$/u.test(said) ? '' : '.'}`;
  if (text === '') return sentence;
  // After a list or a block of code, a sentence on its own is one; after prose it ends the paragraph.
  const last = text.split('\n').at(-1) ?? '';
  return /^(?:[-|]|```| {2})/u.test(last) ? `${text}\n\n${sentence}` : `${text} ${sentence}`;
}

function fenced(example: string): string {
  return example.startsWith('```') ? example : `\`\`\`ts\n${example}\n\`\`\``;
}

/** Code spans and blocks, links, and what Markdown would take for a tag of HTML. */
const SPECIAL = /```[^]*?```|``[^]*?``|`[^`]*`|\{@link\s+([^\s}|]+)(?:\s*\|\s*|\s+)?([^}]*)\}|</gu;

function renderLinks(text: string, link: Linker): string {
  return text.replace(SPECIAL, (whole: string, name: string | undefined, label: string | undefined) => {
    if (whole === '<') return '&lt;';
    if (name === undefined) return whole;
    const shown = label ? label.trim() : `\`${name}\``;
    const target = link(name);
    return target === undefined ? shown : `[${shown}](${target})`;
  });
}

/** The names that a docstring links. */
export function linksOf(raw: string): string[] {
  return [...raw.matchAll(SPECIAL)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** For comments that stay in a signature: links are but their names there. */
export function withoutLinks(code: string): string {
  return code.replace(/\{@link\s+([^\s}|]+)[^}]*\}/gu, '$1');
}
