/** HTML in which every text is escaped. */

/** Text that is HTML already. */
export class Markup {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** What can stand in HTML: text (which is escaped), markup, or a row of them. */
export type Content = string | number | Markup | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function htmlOf(content: Content): string {
  if (content instanceof Markup) return content.source;
  if (typeof content === 'object') return content.map(htmlOf).join('');
  return String(content).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** Template of HTML: what is inserted is escaped unless it is {@link Markup}. Attributes have to be quoted. */
export function html(texts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const parts = texts.map((text, index) => {
    const content = contents[index];
    return content === undefined ? text : `${text}${htmlOf(content)}`;
  });
  return new Markup(parts.join(''));
}

/** Contents with something between each two. */
export function joined(contents: readonly Content[], between: Content): Content {
  return contents.flatMap((content, index) => (index === 0 ? [content] : [between, content]));
}

/** Text with `code` and line breaks. */
export function prose(text: string): Content {
  return text
    .split('\n')
    .map((line, index) => [
      index === 0 ? '' : html`<br>`,
      line.split('`').map((part, place) => (place % 2 === 0 ? part : html`<code>${part}</code>`)),
    ]);
}
