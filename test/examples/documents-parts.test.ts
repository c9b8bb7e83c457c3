import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draft, isGood, shorten, type Summary } from '../../examples/documents/summary.ts';
import { countTerms, keyTerms, stemOf, type Term } from '../../examples/documents/terms.ts';
import {
  addCounts,
  countsOf,
  readingEase,
  readingMinutes,
  sentencesOf,
  splitDocument,
  syllablesOf,
  wordsOf,
} from '../../examples/documents/text.ts';

describe('a document', () => {
  it('is cut at its headings, without code, tables, marks and addresses', () => {
    const text = [
      'Before any heading.',
      '# First `part` #',
      'One [link](https://example.org/a) and <https://example.org>.',
      'The same paragraph.\r',
      '',
      '| a | table |',
      '```ts',
      '# no heading in code',
      '```',
      '## Second',
      '- an item',
      '- **another** item',
      '1. a third',
      '# Empty',
    ].join('\n');
    expect(splitDocument(3, text)).toEqual([
      { document: 3, number: 0, heading: '', text: 'Before any heading.' },
      { document: 3, number: 1, heading: 'First part', text: 'One link and The same paragraph.' },
      { document: 3, number: 2, heading: 'Second', text: 'an item\n\nanother item\n\na third' },
    ]);
  });

  it('is cut in a long section, too, and into no more parts than a run can take', () => {
    const paragraph = 'ten words that make up each of the paragraphs here';
    const section = Array.from({ length: 31 }, () => paragraph).join('\n\n');
    expect(splitDocument(0, section).map(({ text }) => wordsOf(text).length)).toEqual([150, 150, 10]);
    const headings = Array.from({ length: 2_000 }, (_, number) => `# ${number}\n\none word`).join('\n\n');
    const parts = splitDocument(0, headings);
    expect(parts.length).toBeGreaterThan(100);
    expect(parts.length).toBeLessThanOrEqual(500);
    expect(addCounts(parts.map(({ text }) => countsOf(text))).words).toBe(4_000);
  });

  it.each(['', ' \n\n \t', '```\nonly code\n```', '# Only a heading', '--- *** |||'])(
    'without words has no parts: %j',
    (text) => {
      expect(splitDocument(0, text)).toEqual([]);
    },
  );

  it('loses no word of what is prose', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const paragraph = fc.array(word, { minLength: 1, maxLength: 40 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(paragraph, { maxLength: 30 }), (paragraphs) => {
        const parts = splitDocument(0, paragraphs.join('\n\n'));
        expect(wordsOf(parts.map(({ text }) => text).join('\n\n'))).toEqual(wordsOf(paragraphs.join(' ')));
      }),
    );
  });
});

describe('counts', () => {
  it('are those of words, sentences and syllables', () => {
    expect(countsOf('The cat sat. It made a table, and it waited!')).toEqual({
      words: 10,
      sentences: 2,
      syllables: 12,
    });
    expect(sentencesOf('One. Two?\n\nno full stop\n\n...')).toEqual(['One.', 'Two?', 'no full stop']);
    expect(countsOf('')).toEqual({ words: 0, sentences: 0, syllables: 0 });
  });

  it.each([
    ['made', 1],
    ['table', 2],
    ['workflow', 2],
    ['stores', 1],
    ['waited', 2],
    ['changes', 2],
    ['played', 1],
    ['durable', 3],
    ['xyz', 1],
    ['42', 1],
  ])('syllables of %s: %d', (word, syllables) => {
    expect(syllablesOf(word)).toBe(syllables);
  });

  it("give Flesch's reading ease and the minutes of an average reader", () => {
    // 206.835 - 1.015 * 100 / 5 - 84.6 * 150 / 100
    expect(readingEase({ words: 100, sentences: 5, syllables: 150 })).toBe(59.6);
    expect(readingEase({ words: 0, sentences: 0, syllables: 0 })).toBe(0);
    expect(readingMinutes({ words: 476, sentences: 1, syllables: 1 })).toBe(2);
  });
});

describe('terms', () => {
  it('are words of some length that say what a text is about', () => {
    expect(countTerms('These runs: a Run, the workflow and WORKFLOWS; 1234 with 5 workflow.')).toEqual([
      { word: 'runs', count: 1 },
      { word: 'workflow', count: 2 },
      { word: 'workflows', count: 1 },
    ]);
  });

  it.each([
    ['retries', 'retry'],
    ['steps', 'step'],
    ['classes', 'class'],
    ['process', 'process'],
    ['status', 'status'],
    ['branches', 'branch'],
    ["worker's", 'worker'],
    ['runs', 'runs'],
  ])('%s belongs to %s', (word, stem) => {
    expect(stemOf(word)).toBe(stem);
  });

  it('weigh by how often they stand there and in how many parts', () => {
    const parts = ['event event event event', 'steps record', 'step', 'steps record constructor'];
    expect(keyTerms(parts.map(countTerms), 4)).toEqual([
      { stem: 'step', word: 'steps', count: 3, parts: 3 },
      { stem: 'event', word: 'event', count: 4, parts: 1 },
      { stem: 'record', word: 'record', count: 2, parts: 2 },
      { stem: 'constructor', word: 'constructor', count: 1, parts: 1 },
    ]);
  });
});

describe('a summary', () => {
  const texts = [
    'Events move the workflow.\n\nNothing here.\n\nRecords keep what events did to the workflow, in the order in which it came.',
    'Records are small.',
  ];
  const terms = keyTerms(texts.map(countTerms), 3);

  it('begins with sentences that have all key terms', () => {
    const summary = draft(texts, terms);
    expect(terms.map(({ word }) => word)).toEqual(['records', 'events', 'workflow']);
    expect(summary).toMatchObject({ words: 7, coverage: 1 });
    expect(summary.sentences.map(({ text }) => text)).toEqual([
      'Events move the workflow.',
      'Records are small.',
    ]);
  });

  it('loses the sentence that says least, and none that it needs', () => {
    const summary = draft(texts, terms);
    const shorter = shorten(summary, terms, { words: 5, coverage: 0.6 });
    expect(shorter.sentences.map(({ text }) => text)).toEqual(['Events move the workflow.']);
    expect(isGood(shorter, { words: 5, coverage: 0.6 })).toBe(true);
    expect(shorten(summary, terms, { words: 5, coverage: 0.9 })).toBe(summary);
    expect(shorten(summary, terms, { words: 7, coverage: 0.6 })).toBe(summary);
  });

  it('of nothing is empty, and good', () => {
    expect(draft([], [])).toEqual({ sentences: [], words: 0, coverage: 1 });
    expect(isGood(draft([], []), { words: 1, coverage: 1 })).toBe(true);
  });

  it('is there at last, whatever the text: short enough, or as short as it may be', () => {
    const word = fc.constantFrom('event', 'record', 'worker', 'lease', 'retry', 'and', 'the');
    const text = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => `${words.join(' ')}.`);
    const quality = fc.record({
      words: fc.integer({ min: 1, max: 30 }),
      coverage: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), quality, (paragraphs, wanted) => {
        const all: Term[] = keyTerms([countTerms(paragraphs.join('\n\n'))], 5);
        const first = draft([paragraphs.join('\n\n')], all);
        expect(first.coverage).toBe(1);
        let summary: Summary = first;
        for (
          let next = shorten(summary, all, wanted);
          next !== summary;
          next = shorten(summary, all, wanted)
        ) {
          expect(next.sentences.length).toBe(summary.sentences.length - 1);
          expect(next.coverage).toBeGreaterThanOrEqual(wanted.coverage);
          summary = next;
        }
        // No single sentence could go, or none has to.
        const canLose = summary.sentences.some((_, at) => {
          const rest = new Set(summary.sentences.toSpliced(at, 1).flatMap((one) => one.terms));
          const weight = (numbers: Iterable<number>): number =>
            [...numbers].reduce((sum, one) => sum + Math.log2(1 + (all[one]?.count ?? 0)), 0);
          const share = all.length === 0 ? 1 : weight(rest) / weight(all.keys());
          return summary.sentences.length > 1 && Math.round(share * 1000) / 1000 >= wanted.coverage;
        });
        expect(summary.words <= wanted.words || !canLose).toBe(true);
      }),
    );
  });
});
