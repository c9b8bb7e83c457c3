import { decode } from '../../src/core/codec.ts';
import type { Graph } from '../../src/core/graph.ts';
import type { LogEntry } from '../../src/core/history.ts';
import type { Asking, LogNeed } from '../../src/core/log-scope.ts';
import type { RunHeader, RunInput, StepRecord, StoredValue } from '../../src/core/records.ts';
import { formatKey } from '../../src/core/records.ts';
import type { RunEvent } from '../../src/core/snapshot.ts';
import { logPosition, LogProjection } from '../../src/core/stream.ts';

/** What the stores hold beside a log, for readers that ask. */
export interface Stored {
  readonly graphs: Readonly<Record<string, Graph>>;
  readonly headers?: Readonly<Record<string, RunHeader>>;
  readonly inputs?: Readonly<Record<string, RunInput>>;
  /** By run id and formatted key, with a slash between. */
  readonly records?: Readonly<Record<string, StepRecord>>;
  readonly items?: readonly StepRecord[];
}

/** Drives a computation; `asked` notes what it needed of the stores. */
export function answered<T>(asking: Asking<T>, stored: Stored, asked: string[] = []): T {
  for (let step = asking.next(); ; ) {
    if (step.done === true) return step.value;
    if (step.value.type !== 'value' && step.value.type !== 'graph') asked.push(step.value.type);
    step = asking.next(answerOf(step.value, stored));
  }
}

function answerOf(need: LogNeed, stored: Stored): unknown {
  switch (need.type) {
    case 'graph':
      return stored.graphs[need.workflowId];
    case 'run':
      return stored.headers?.[need.runId];
    case 'input':
      return stored.inputs?.[need.runId];
    case 'record':
      return stored.records?.[`${need.runId}/${formatKey(need.key)}`];
    case 'items':
      return stored.items ?? [];
    case 'value':
      return valueOf(need.stored);
  }
}

function valueOf(value: StoredValue): unknown {
  if ('inline' in value) return decode(value.inline);
  throw new Error('these tests keep their values inline');
}

/** Events that a reader of run `runId` gets from these entries, and what it asked for. */
export function eventsOf(
  entries: readonly LogEntry[],
  stored: Stored,
  { runId = 'r1', cursor }: { readonly runId?: string; readonly cursor?: string } = {},
): { events: RunEvent[]; asked: string[]; projection: LogProjection } {
  const asked: string[] = [];
  const projection = new LogProjection(runId, logPosition(runId, cursor));
  const events = entries.flatMap((entry) => answered(projection.project(entry), stored, asked));
  return { events, asked, projection };
}
