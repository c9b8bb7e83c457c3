import type { WriteStream } from 'node:tty';
import type { WorkflowStreamEvent } from 'evented-workflows';
import { progressChunk } from './workflow.ts';

/** How far a pass over the documents is. */
export interface Pass {
  readonly name: string;
  readonly state: 'pending' | 'running' | 'done';
  readonly done: number;
  /** 0 until it is known. */
  readonly total: number;
  readonly note: string;
}

/** The passes by the id of the entry that makes them, in their order. */
export type Progress = Readonly<Record<'split' | 'analyse-part' | 'pause' | 'summarise', Pass>>;

const pending = { state: 'pending', done: 0, total: 0, note: '' } as const;

/** Before anything has happened. */
export const nothingDone: Progress = {
  split: { ...pending, name: 'split' },
  'analyse-part': { ...pending, name: 'analyse' },
  pause: { ...pending, name: 'pause' },
  summarise: { ...pending, name: 'summarise' },
};

/** The progress after one more event of the stream of a run. */
export function follow(progress: Progress, event: WorkflowStreamEvent): Progress {
  switch (event.type) {
    case 'workflow-step-start':
    case 'workflow-step-waiting':
      return change(progress, event.payload.id, { state: 'running' });
    case 'workflow-step-progress': {
      const { id, completedCount, totalCount } = event.payload;
      return change(progress, id, { done: completedCount, total: totalCount });
    }
    case 'workflow-step-result':
      return event.payload.status === 'success'
        ? change(progress, event.payload.id, { state: 'done' })
        : progress;
    case 'workflow-step-output':
      return read(progress, event.payload.output);
    default:
      return progress;
  }
}

function change(progress: Progress, id: string, to: Partial<Pass>): Progress {
  if (!Object.hasOwn(progress, id)) return progress;
  const pass = id as keyof Progress;
  return { ...progress, [pass]: { ...progress[pass], ...to } };
}

/** What a step wrote; anything else than the chunks of this workflow is passed over. */
function read(progress: Progress, output: unknown): Progress {
  const { data: chunk } = progressChunk.safeParse(output);
  switch (chunk?.pass) {
    case 'split':
      return change(progress, 'split', { note: `${chunk.parts} parts of ${chunk.documents} documents` });
    case 'analyse':
      return change(progress, 'analyse-part', { note: `${chunk.words} words of "${chunk.heading}"` });
    case 'summarise': {
      const share = `${Math.round(chunk.coverage * 100)} % of the terms`;
      return change(progress, 'summarise', {
        note: `${chunk.name}, round ${chunk.round}: ${chunk.words} words with ${share}`,
      });
    }
    default:
      return progress;
  }
}

const symbols = { pending: '○', running: '●', done: '✓' } as const;
const barWidth = 20;

/** One line for each pass, of at most `width` characters. */
export function progressLines(progress: Progress, width = 80): string[] {
  return Object.values(progress).map((pass: Pass) => cut(passLine(pass), width));
}

function passLine({ name, state, done, total, note }: Pass): string {
  const full = total === 0 ? 0 : Math.round((done / total) * barWidth);
  const bar = total === 0 ? '' : `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${done}/${total}`;
  const said = state === 'running' || total === 0 ? note : '';
  return `${symbols[state]} ${name.padEnd(10)} ${[bar, said].filter((text) => text !== '').join('  ')}`.trimEnd();
}

/**
 * The lines of the passes that are in another state than before or have come another tenth further: what is worth a new line
 * where nothing can be redrawn.
 */
export function changedLines(before: Progress, after: Progress, width = 80): string[] {
  const mark = ({ state, done, total }: Pass): string =>
    `${state} ${total === 0 ? 0 : Math.floor((done / total) * 10)}`;
  const old = Object.values(before).map(mark);
  const lines = progressLines(after, width);
  return Object.values(after).flatMap((pass: Pass, at) => (mark(pass) === old[at] ? [] : [lines[at] ?? '']));
}

/** Shows progress as it comes: on a terminal in its place, elsewhere (a file, a build log) line by line. */
export function liveProgress(stream: WriteStream): (progress: Progress) => void {
  // A terminal that does not know how wide it is says 0.
  const width = stream.columns > 0 ? Math.min(80, stream.columns) : 80;
  let before = nothingDone;
  let drawn = 0;
  return (progress) => {
    if (progress === before) return;
    if (stream.isTTY) {
      const lines = progressLines(progress, width);
      stream.write(`${drawn > 0 ? `\u001B[${drawn}A\u001B[J` : ''}${lines.join('\n')}\n`);
      drawn = lines.length;
    } else {
      for (const line of changedLines(before, progress, width)) stream.write(`${line}\n`);
    }
    before = progress;
  };
}

/** Headings and names come from files, and a terminal obeys control characters. */
function cut(text: string, width: number): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ');
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}
