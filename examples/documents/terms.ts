import { wordsOf } from './text.ts';

/** How often a word stands in a text. */
export interface TermCount {
  readonly word: string;
  readonly count: number;
}

/** A term that a document is about. */
export interface Term {
  /** What its forms have in common, such as `retry` of "retry" and "retries". */
  readonly stem: string;
  /** Its most frequent form. */
  readonly word: string;
  readonly count: number;
  /** In how many parts of the document it stands. */
  readonly parts: number;
}

/** English words that say little about what a text is about. */
const common = new Set(
  `about above after again against also always another because been before behind being below between both cannot come
  comes could does done down during each either else even ever every from give given gives goes going have having here
  into itself just keep keeps know known less like make makes made many more most much must need needs never next nothing
  once only onto other others otherwise over same says several shall should since some something soon still such take
  taken takes than that their them then there these they thing things this those through thus time times together under
  until upon used uses using very want well went were what whatever when where whether which while whole whom whose will
  with within without would write writes written your yours`.split(/\s+/),
);

/** A word without the ending of its plural. */
export function stemOf(word: string): string {
  const lower = word.toLowerCase().replace(/['’]s?$/, '');
  if (lower.length > 4 && lower.endsWith('ies')) return `${lower.slice(0, -3)}y`;
  return lower.length > 4 ? lower.replace(/(?<=ss|x|zz|[cs]h)es$|(?<![siu])s$/, '') : lower;
}

/** The words of a text that can be terms, with how often they stand there, in the order of the alphabet. */
export function countTerms(text: string): TermCount[] {
  const counts = new Map<string, number>();
  for (const found of wordsOf(text)) {
    const word = found.toLowerCase();
    if (word.length < 4 || common.has(word) || !/\p{L}/u.test(word)) continue;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({ word, count })).toSorted((a, b) => compare(a.word, b.word));
}

/** The `most` terms that a document is most about: frequent ones, and rather those that stand in many of its parts. */
export function keyTerms(parts: readonly (readonly TermCount[])[], most: number): Term[] {
  const found = new Map<string, { forms: Map<string, number>; count: number; parts: number }>();
  for (const part of parts) {
    const here = new Set<string>();
    for (const { word, count } of part) {
      const stem = stemOf(word);
      const term = found.get(stem) ?? { forms: new Map<string, number>(), count: 0, parts: 0 };
      term.forms.set(word, (term.forms.get(word) ?? 0) + count);
      term.count += count;
      if (!here.has(stem)) term.parts += 1;
      here.add(stem);
      found.set(stem, term);
    }
  }
  const weight = (term: Term): number => term.count * Math.log2(1 + term.parts);
  return [...found]
    .map(([stem, { forms, count, parts: spread }]): Term => {
      const [form] = [...forms].toSorted((a, b) => b[1] - a[1] || compare(a[0], b[0]));
      return { stem, word: form?.[0] ?? stem, count, parts: spread };
    })
    .toSorted((a, b) => weight(b) - weight(a) || compare(a.stem, b.stem))
    .slice(0, most);
}

/** By code units: the same on every machine, whatever its language is. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
