import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { draft, isGood, shorten } from './summary.ts';
import { countTerms, keyTerms } from './terms.ts';
import { addCounts, countsOf, readingEase, readingMinutes, splitDocument } from './text.ts';

/** How many parts are analysed at once, and how many summaries are shortened. */
const partsAtOnce = 4;
const summariesAtOnce = 2;
/** Key terms of a document. */
const termsOfDocument = 15;

const counts = z.object({ words: z.number(), sentences: z.number(), syllables: z.number() });
const part = z.object({ document: z.number(), number: z.number(), heading: z.string(), text: z.string() });
const termCounts = z.array(z.object({ word: z.string(), count: z.number() }));
const analysis = part.extend({ counts, readingEase: z.number(), terms: termCounts });
const term = z.object({ stem: z.string(), word: z.string(), count: z.number(), parts: z.number() });
const sentence = z.object({ text: z.string(), words: z.number(), terms: z.array(z.number()) });
const summary = z.object({ sentences: z.array(sentence), words: z.number(), coverage: z.number() });
const quality = z.object({ words: z.int().min(1), coverage: z.number().min(0).max(1) });

/** What a run is given. Texts and not paths: the worker may be on a machine that does not have the files. */
const documentsInput = z.object({
  documents: z
    .array(z.object({ name: z.string().min(1), text: z.string() }))
    .min(1)
    .max(30),
  /** What each summary has to come to. */
  quality: quality.default({ words: 80, coverage: 0.6 }),
  /** Between the analysis and the summaries, ms. */
  pauseMs: z.int().min(0).max(86_400_000).default(1_000),
});

const ranked = z.object({
  name: z.string(),
  parts: z.number(),
  counts,
  readingEase: z.number(),
  minutes: z.number(),
  terms: z.array(term),
  /** The part that is hardest to read; absent of a document without words. */
  hardest: z.object({ heading: z.string(), readingEase: z.number() }).optional(),
  summary,
  quality,
  /** How often the summary was looked at. */
  rounds: z.number(),
  /** As the loop left it: short enough and with enough in it, or as short as what it has to cover allows. */
  verdict: z.enum(['draft', 'good', 'too long']),
});

/** What a run ends with. */
export const documentsResult = z.object({
  documents: z.array(ranked),
  words: z.number(),
  minutes: z.number(),
});

/** See {@link documentsResult}. */
export type DocumentsResult = z.infer<typeof documentsResult>;

/** What steps write to the stream of a run while they work. */
export const progressChunk = z.discriminatedUnion('pass', [
  z.object({ pass: z.literal('split'), parts: z.number(), documents: z.number() }),
  z.object({ pass: z.literal('analyse'), heading: z.string(), words: z.number() }),
  z.object({
    pass: z.literal('summarise'),
    name: z.string(),
    round: z.number(),
    words: z.number(),
    coverage: z.number(),
  }),
]);

/** See {@link progressChunk}. */
export type ProgressChunk = z.infer<typeof progressChunk>;

const split = createStep({
  id: 'split',
  description: 'Cuts the documents into parts, by their headings and paragraphs',
  inputSchema: documentsInput,
  outputSchema: z.array(part),
  execute: async ({ inputData, writer }) => {
    const parts = inputData.documents.flatMap(({ text }, number) => splitDocument(number, text));
    const chunk: ProgressChunk = {
      pass: 'split',
      parts: parts.length,
      documents: inputData.documents.length,
    };
    await writer.write(chunk);
    return parts;
  },
});

const measure = createStep({
  id: 'measure',
  description: 'Counts words, sentences and syllables, and rates how easy the part is to read',
  inputSchema: part,
  outputSchema: z.object({ counts, readingEase: z.number() }),
  execute: async ({ inputData, writer }) => {
    const counted = countsOf(inputData.text);
    const chunk: ProgressChunk = { pass: 'analyse', heading: inputData.heading, words: counted.words };
    await writer.write(chunk);
    return { counts: counted, readingEase: readingEase(counted) };
  },
});

const findTerms = createStep({
  id: 'find-terms',
  description: 'Counts the words that can be terms',
  inputSchema: part,
  outputSchema: termCounts,
  execute: async ({ inputData }) => countTerms(inputData.text),
});

/** What is done with each part: two analyses at once, and their results together. */
const analysePart = createWorkflow({ id: 'analyse-part', inputSchema: part, outputSchema: analysis })
  .parallel([measure, findTerms])
  .map(async ({ inputData, getInitData }) => ({
    ...getInitData<z.infer<typeof part>>(),
    ...inputData.measure,
    terms: inputData['find-terms'],
  }))
  .commit();

const rank = createStep({
  id: 'rank',
  description: 'Adds up the parts of each document, picks its key terms and the sentences that have them',
  inputSchema: z.array(analysis),
  outputSchema: z.array(ranked),
  execute: async ({ inputData, getInitData }) => {
    const { documents, quality: wanted } = getInitData<z.infer<typeof documentsInput>>();
    return documents.map(({ name }, number): z.infer<typeof ranked> => {
      const parts = inputData.filter(({ document }) => document === number);
      const counted = addCounts(parts.map((one) => one.counts));
      const terms = keyTerms(
        parts.map((one) => one.terms),
        termsOfDocument,
      );
      const [hardest] = parts.toSorted((a, b) => a.readingEase - b.readingEase || a.number - b.number);
      const { sentences, ...measures } = draft(
        parts.map(({ text }) => text),
        terms,
      );
      return {
        name,
        parts: parts.length,
        counts: counted,
        readingEase: readingEase(counted),
        minutes: readingMinutes(counted),
        terms,
        ...(hardest && { hardest: { heading: hardest.heading, readingEase: hardest.readingEase } }),
        summary: { ...measures, sentences: sentences.map((one) => ({ ...one, terms: [...one.terms] })) },
        quality: wanted,
        rounds: 0,
        verdict: 'draft',
      };
    });
  },
});

const shortenOnce = createStep({
  id: 'shorten',
  description: 'Leaves out the sentence that the summary loses least by',
  inputSchema: ranked,
  outputSchema: ranked,
  execute: async ({ inputData, writer }) => {
    const { name, quality: wanted, terms, summary: before } = inputData;
    const after = shorten(before, terms, wanted);
    const round = inputData.rounds + 1;
    const chunk: ProgressChunk = {
      pass: 'summarise',
      name,
      round,
      words: after.words,
      coverage: after.coverage,
    };
    await writer.write(chunk);
    const verdict = isGood(after, wanted) ? 'good' : after === before ? 'too long' : 'draft';
    const sentences = after.sentences.map((one) => ({ ...one, terms: [...one.terms] }));
    return { ...inputData, summary: { ...after, sentences }, rounds: round, verdict } as const;
  },
});

/** Shortens the summary of a document until it is good, or cannot be any shorter. */
const summarise = createWorkflow({ id: 'summarise', inputSchema: ranked, outputSchema: ranked })
  .dountil(shortenOnce, async ({ inputData }) => inputData.verdict !== 'draft')
  .commit();

const conclude = createStep({
  id: 'conclude',
  description: 'Puts the documents together',
  inputSchema: z.array(ranked),
  outputSchema: documentsResult,
  execute: async ({ inputData }) => {
    const all = addCounts(inputData.map((one) => one.counts));
    return {
      documents: inputData,
      words: all.words,
      minutes: readingMinutes(all),
    };
  },
});

/** Analyses documents part by part, several at once, and writes a summary of each that is short and still says enough. */
export const documentsWorkflow = createWorkflow({
  id: 'documents',
  description: 'What documents are about, how hard they are to read, and a summary of each',
  inputSchema: documentsInput,
  outputSchema: documentsResult,
})
  .then(split)
  .foreach(analysePart, { concurrency: partsAtOnce })
  .then(rank)
  .sleep(async ({ getInitData }) => getInitData<z.infer<typeof documentsInput>>().pauseMs, { id: 'pause' })
  .foreach(summarise, { concurrency: summariesAtOnce })
  .then(conclude)
  .commit();

/** What a server of the example serves. */
export const workflows = [documentsWorkflow];
