/** What is known of a text by counting: words, sentences, syllables and terms. No runtime in here. */

/** A piece of a document that is analysed on its own. */
export interface Part {
  /** Number of its document, from 0. */
  readonly document: number;
  /** Number within its document, from 0. */
  readonly number: number;
  /** The heading that it stands under; empty above the first one. */
  readonly heading: string;
  /** Its paragraphs, separated by an empty line. */
  readonly text: string;
}

/** A part ends with the paragraph that makes it this long, so that a long section is analysed in several. */
const wordsOfPart = 150;
/**
 * In how many parts headings cut a document, and in how many its length does: beyond that they get longer rather than more,
 * because a foreach takes 16,384 items, of 30 documents together.
 */
const partsOfDocument = 250;

const wordSegmenter = new Intl.Segmenter('en', { granularity: 'word' });
const sentenceSegmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The words of a text, as they stand there. */
export function wordsOf(text: string): string[] {
  return Array.from(wordSegmenter.segment(text), ({ segment, isWordLike }) =>
    isWordLike === true ? segment : '',
  ).filter((word) => word !== '');
}

/** The sentences of a text, without those that have no word. A paragraph ends a sentence, with or without a full stop. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/\n{2,}/)
    .flatMap((paragraph) =>
      Array.from(sentenceSegmenter.segment(paragraph), ({ segment }) =>
        segment.replaceAll(/\s+/g, ' ').trim(),
      ),
    )
    .filter((sentence) => wordsOf(sentence).length > 0);
}

/** Syllables of an English word by its groups of vowels: right for nine words of ten, at least 1. */
export function syllablesOf(word: string): number {
  const letters = word.toLowerCase().replaceAll(/[^a-z]/g, '');
  // A silent e at the end, as in "made", "states" and "saved"; not that of "table", "added" or "changes".
  const spoken = letters.replace(/(?<![laeiouy])e$|(?<![aeioutdszxgch])e[sd]$/, '');
  return Math.max(1, (spoken.match(/[aeiouy]+/g) ?? []).length);
}

/** What is counted of a text. */
export interface Counts {
  readonly words: number;
  readonly sentences: number;
  readonly syllables: number;
}

export function countsOf(text: string): Counts {
  const words = wordsOf(text);
  return {
    words: words.length,
    sentences: sentencesOf(text).length,
    syllables: words.reduce((sum, word) => sum + syllablesOf(word), 0),
  };
}

/** The counts of several texts together. */
export function addCounts(all: readonly Counts[]): Counts {
  const sum = (field: keyof Counts): number => all.reduce((total, counts) => total + counts[field], 0);
  return { words: sum('words'), sentences: sum('sentences'), syllables: sum('syllables') };
}

/**
 * Flesch's reading ease (R. Flesch, "A new readability yardstick", 1948), for English: 100 and more is very easy, below 30
 * is for experts. 0 of a text without words.
 */
export function readingEase({ words, sentences, syllables }: Counts): number {
  if (words === 0) return 0;
  return round(206.835 - 1.015 * (words / Math.max(1, sentences)) - 84.6 * (syllables / words));
}

/** Minutes that an adult reads at 238 words a minute, the mean of 190 studies (M. Brysbaert, 2019). */
export function readingMinutes({ words }: Counts): number {
  return round(words / 238);
}

/** To one decimal: more would claim more than counting can know. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A document in parts, by its headings and its paragraphs. One without words has none. */
export function splitDocument(document: number, text: string): Part[] {
  const blocks = blocksOf(text);
  const total = blocks.reduce((sum, block) => sum + block.words, 0);
  const full = Math.max(wordsOfPart, Math.ceil(total / partsOfDocument));
  const parts: { heading: string; paragraphs: string[]; words: number }[] = [];
  for (const { heading, paragraph, words } of blocks) {
    const last = parts.at(-1);
    if (
      last === undefined ||
      last.words >= full ||
      (last.heading !== heading && parts.length < partsOfDocument)
    ) {
      parts.push({ heading, paragraphs: [paragraph], words });
    } else {
      last.paragraphs.push(paragraph);
      last.words += words;
    }
  }
  return parts.map(({ heading, paragraphs }, number) => ({
    document,
    number,
    heading,
    text: paragraphs.join('\n\n'),
  }));
}

interface Block {
  readonly heading: string;
  readonly paragraph: string;
  readonly words: number;
}

/** Paragraphs with words, under their headings. What is no prose in Markdown is left out: code, tables and addresses. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let lines: string[] = [];
  let fence: string | undefined;
  const endParagraph = (): void => {
    const paragraph = lines.join(' ');
    const words = wordsOf(paragraph).length;
    if (words > 0) blocks.push({ heading, paragraph, words });
    lines = [];
  };
  for (const line of text.split(/\r\n|[\n\r]/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true) fence = undefined;
      continue;
    }
    const title = /^#{1,6}\s+(.+?)[\s#]*$/.exec(line)?.[1];
    const isListItem = /^\s*(?:[-*+]|\d+[.)])\s/.test(line);
    const endsParagraph =
      mark !== undefined || title !== undefined || isListItem || /^\s*(?:\||$)/.test(line);
    if (endsParagraph) endParagraph();
    if (mark !== undefined) fence = mark;
    if (title !== undefined) heading = plain(title);
    else if (isListItem || !endsParagraph) lines.push(plain(line));
  }
  endParagraph();
  return blocks;
}

/** A line of Markdown as it reads. */
function plain(line: string): string {
  return line
    .replace(/^\s*(?:>|[-*+]\s|\d+[.)]\s)\s*/, '')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/<?https?:\/\/\S+/g, '')
    .replaceAll(/[`*]+/g, '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
}
