import type { Term } from './terms.ts';
import { stemOf } from './terms.ts';
import { sentencesOf, wordsOf } from './text.ts';

/** A sentence of a summary. */
export interface Sentence {
  readonly text: string;
  readonly words: number;
  /** Numbers of the key terms that it has, from 0. */
  readonly terms: readonly number[];
}

/** A summary that gets shorter. */
export interface Summary {
  /** In the order of the document. */
  readonly sentences: readonly Sentence[];
  readonly words: number;
  /** Share of the key terms that the sentences have, by their weight: 0 to 1. */
  readonly coverage: number;
}

/** What a summary has to be. */
export interface Quality {
  /** Words that it may have at most. */
  readonly words: number;
  /** Share of the key terms that it has to have at least: 0 to 1. */
  readonly coverage: number;
}

/** Sentences that have all key terms, each chosen for what it adds for its length. */
export function draft(texts: readonly string[], terms: readonly Term[]): Summary {
  const open = texts.flatMap((text) => sentencesOf(text)).map((text) => sentence(text, terms));
  const chosen = new Set<Sentence>();
  const missing = new Set(terms.keys());
  while (missing.size > 0) {
    let best: { of: Sentence; gain: number } | undefined;
    for (const of of open) {
      const added = of.terms.filter((term) => missing.has(term));
      const gain = added.reduce((sum, term) => sum + weightOf(terms[term]), 0) / Math.sqrt(of.words);
      if (added.length > 0 && gain > (best?.gain ?? 0)) best = { of, gain };
    }
    // A term may stand in no sentence alone: a word can be cut differently where its paragraph is longer.
    if (best === undefined) break;
    chosen.add(best.of);
    for (const term of best.of.terms) missing.delete(term);
  }
  return summaryOf(
    open.filter((one) => chosen.has(one)),
    terms,
  );
}

/** Whether a summary is as short as it has to be, and still says enough. */
export function isGood({ words, coverage }: Summary, quality: Quality): boolean {
  return words <= quality.words && coverage >= quality.coverage;
}

/**
 * The summary without the sentence that it loses least by. The same summary when it is short enough, or when each sentence
 * is needed for what it has to cover.
 */
export function shorten(summary: Summary, terms: readonly Term[], quality: Quality): Summary {
  if (summary.words <= quality.words) return summary;
  const shorter = summary.sentences
    .map((_, at) => summaryOf(summary.sentences.toSpliced(at, 1), terms))
    .filter((one) => one.sentences.length > 0 && one.coverage >= quality.coverage)
    .toSorted((a, b) => b.coverage - a.coverage || a.words - b.words);
  return shorter[0] ?? summary;
}

function sentence(text: string, terms: readonly Term[]): Sentence {
  const words = wordsOf(text);
  const stems = new Set(words.map(stemOf));
  const found = terms.flatMap(({ stem }, number) => (stems.has(stem) ? [number] : []));
  return { text, words: words.length, terms: found };
}

function summaryOf(sentences: readonly Sentence[], terms: readonly Term[]): Summary {
  const covered = new Set(sentences.flatMap((one) => one.terms));
  const all = terms.reduce((sum, term) => sum + weightOf(term), 0);
  const has = [...covered].reduce((sum, term) => sum + weightOf(terms[term]), 0);
  return {
    sentences,
    words: sentences.reduce((sum, one) => sum + one.words, 0),
    coverage: all === 0 ? 1 : Math.round((has / all) * 1000) / 1000,
  };
}

/** Rarer than by its count: the tenth time that a word comes, it says less than the first time. */
function weightOf(term: Term | undefined): number {
  return term === undefined ? 0 : Math.log2(1 + term.count);
}
