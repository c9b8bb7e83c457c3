import type { DocumentsResult } from './workflow.ts';

const width = 80;

/** The result of a run as text of at most 80 columns. Words that are longer stand on a line of their own. */
export function report(result: DocumentsResult): string {
  const { documents } = result;
  const title = `${documents.length === 1 ? '1 document' : `${documents.length} documents`}, ${result.words} words, ${minutes(result.minutes)}`;
  return [title, ...documents.flatMap((document) => ['', ...section(document)])].join('\n');
}

function section(document: DocumentsResult['documents'][number]): string[] {
  const { name, counts, hardest, summary } = document;
  if (hardest === undefined) return [...paragraph(name, ''), '  has no words to analyse'];
  const terms = document.terms.map(({ word, count }) => `${word} (${count})`).join(', ');
  const share = `${Math.round(summary.coverage * 100)} % of the key terms`;
  const length = `${summary.words} words of ${counts.words}, ${share}`;
  return [
    ...paragraph(name, ''),
    `  length     ${counts.words} words, ${counts.sentences} sentences, ${document.parts} parts, ${minutes(document.minutes)}`,
    `  reading    ${document.readingEase} (${ease(document.readingEase)})`,
    ...paragraph(
      `hardest    ${hardest.readingEase}: ${hardest.heading === '' ? 'its beginning' : hardest.heading}`,
      '  ',
    ),
    ...paragraph(`key terms  ${terms}`, '  ', '             '),
    `  summary    ${length}`,
    ...(document.verdict === 'too long' ? ['             (a shorter one would lose too many of them)'] : []),
    ...summary.sentences.flatMap((sentence) => paragraph(sentence.text, '    ')),
  ];
}

function minutes(value: number): string {
  return value < 1 ? 'less than a minute' : `${Math.round(value)} min to read`;
}

/** What Flesch calls texts of this reading ease. */
function ease(value: number): string {
  const names: readonly (readonly [number, string])[] = [
    [90, 'very easy'],
    [80, 'easy'],
    [70, 'fairly easy'],
    [60, 'standard'],
    [50, 'fairly difficult'],
    [30, 'difficult'],
  ];
  return names.find(([least]) => value >= least)?.[1] ?? 'very difficult';
}

/** Text in lines that are no wider than the report. */
function paragraph(text: string, first: string, others = first): string[] {
  const lines: string[] = [];
  let line = first;
  // Texts come from files, and a terminal obeys control characters.
  for (const word of text.replaceAll(/\p{Cc}+/gu, ' ').split(' ')) {
    if (line.trim() !== '' && line.length + word.length > width) {
      lines.push(line.trimEnd());
      line = others;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
