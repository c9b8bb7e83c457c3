import { armsOf, entryId, type Graph, type GraphEntry, graphSteps, stepIdAt } from './graph.ts';
import { keyOfPath } from './event.ts';
import type { JoinOpening } from './join.ts';
import {
  isEntryKey,
  isVisible,
  type Parked,
  pathOf,
  type RecordKey,
  type RunHeader,
  sameKey,
  type StepRecord,
} from './records.ts';
import type { ParkedState } from './snapshot.ts';
import { parseTurn } from './turn.ts';

/**
 * Whether a run may go on with a graph that is not the one it was started with: only when each place that it has been to, or
 * is on its way to, means the same step of the same kind.
 */

/** A letter for each kind of entry. How a loop or a sleep is written makes no difference to what is stored of it. */
const letters: Readonly<Record<GraphEntry['type'], string>> = {
  step: 's',
  mapping: 'm',
  parallel: 'p',
  conditional: 'c',
  loop: 'l',
  foreach: 'f',
  sleep: 'z',
  sleepUntil: 'z',
};

/** Entries whose kinds are on the header, which has to stay small; those behind are told apart by their records alone. */
const lettersKept = 100;

function letterOf(entry: GraphEntry): string {
  return entry.type === 'step' && entry.nested !== undefined ? 'n' : letters[entry.type];
}

/** What a header keeps of a graph: the hash of its text, and behind a dot a letter for each of its first entries. */
export function graphMark(hash: string, graph: Graph): string {
  return `${hash}.${graph.slice(0, lettersKept).map(letterOf).join('')}`;
}

/** Whether two marks are of the same graph. One that was stored before marks had letters is a hash alone. */
export function isSameGraph(stored: string, current: string): boolean {
  return hashOf(stored) === hashOf(current);
}

/** Characters of a hash that a stamp has: it is on every record, and there are never many versions of one workflow. */
const stampedHash = 8;

/** Members of a block that take part, as its opening names them. */
type Members = Pick<JoinOpening, 'taken'>;

/**
 * What a record keeps of the graph by which it was begun: the head of its hash, and the letter of its entry. An opening, and what
 * a block without members came to, say which `members` they mean as well: these have no records that would tell.
 */
export function graphStamp(mark: string, entry: GraphEntry | undefined, members?: Members): string {
  const head = mark.slice(0, stampedHash);
  if (entry === undefined) return head;
  return `${head}${letterOf(entry)}${members === undefined ? '' : membersHash(entry, members)}`;
}

/** Of the steps of a block's members; of a block that nothing takes part in, of all that it has. */
function membersHash(entry: GraphEntry, { taken = [] }: Members): string {
  const steps = graphSteps(entry);
  const members = taken.length === 0 ? steps : taken.map((arm) => steps[arm]);
  return fnv1a(JSON.stringify(members.map((step) => step?.id)));
}

/** FNV-1a of 32 bits, with the offset basis and the prime of its definition. */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** Something that was begun by a graph. */
interface Stamped {
  readonly graph?: string;
}

/** Whether a record, or a block, was begun by another graph than that of `mark`, as far as it says. */
export function isOfOtherGraph(stamped: Stamped | undefined, mark: string): boolean {
  return stamped?.graph !== undefined && !isStampedBy(stamped, mark);
}

function isStampedBy({ graph }: Stamped, mark: string): boolean {
  return graph?.slice(0, stampedHash) === mark.slice(0, stampedHash);
}

function hashOf(mark: string): string {
  return mark.split('.', 1)[0] as string;
}

/** The letter of an entry; undefined where the header does not say. */
function storedLetter({ graphHash }: Pick<RunHeader, 'graphHash'>, entry: number): string | undefined {
  return graphHash.slice(hashOf(graphHash).length + 1)[entry];
}

/** The letter of the entry that something was begun at; undefined where nothing tells. */
function letterAt({ graph }: Stamped, header: RunHeader, entry: number): string | undefined {
  return graph === undefined ? storedLetter(header, entry) : graph.charAt(stampedHash);
}

/** Whether an entry has the members that a stamp names; one that names none says nothing of them. */
function hasStampedMembers(entry: GraphEntry, { graph = '' }: Stamped, members: Members): boolean {
  const stamped = graph.slice(stampedHash + 1);
  return stamped === '' || stamped === membersHash(entry, members);
}

/** What is known of where a run has been. */
export interface RecordedRun {
  readonly header: RunHeader;
  /** Of entries and arms, and of the items that were read. */
  readonly records: readonly StepRecord[];
  /** The block at the first entry without a result, when it was opened. */
  readonly open?: { readonly entry: number; readonly opening: JoinOpening };
  /** Workflows of the nested runs that records name, by their run ids. */
  readonly nested: ReadonlyMap<string, string>;
  /** Steps that events of the run were for, and that were not at their places. */
  readonly awaited: readonly AwaitedStep[];
}

/** See {@link RecordedRun.awaited}. */
export type AwaitedStep = NonNullable<Parked['place']>;

/** A place that a graph does not have as it was. */
export interface Misfit {
  readonly path: readonly number[];
  readonly stepId: string;
  /** What is there now; undefined when nothing is. */
  readonly found: string | undefined;
}

/**
 * The first place of a run that means something else in `graph`, which has `mark`; undefined when it may go on with that. What was
 * begun by this graph fits it, whatever the header says: somebody with another one may have marked the run meanwhile.
 */
export function misfitOf(graph: Graph, run: RecordedRun, mark: string): Misfit | undefined {
  const { header, records } = run;
  const current = records.filter(
    (record) =>
      isVisible(parseTurn(record.turn).epoch, record.key.entry, header) && !isStampedBy(record, mark),
  );
  for (const record of current) {
    const { key, stepId } = record;
    const entry = graph[key.entry];
    const found = stepIdAt(graph, key);
    if (entry === undefined || found !== stepId || !isKindOf(entry, record, run)) {
      return { path: pathOf(key), stepId, found: found === stepId ? kindAt(graph, key) : found };
    }
  }
  // What an awaited step is called says more than that its block is another one.
  return awaitedMisfit(graph, run) ?? openMisfit(graph, run, mark);
}

function kindAt(graph: Graph, { entry }: RecordKey): string | undefined {
  return graph[entry]?.type;
}

/** Statuses of a place that is not over. A block has no record of its own as long as it is not. */
const open: ReadonlySet<StepRecord['status']> = new Set(['running', 'due', 'child', 'waiting', 'suspended']);

/** Whether an entry is of the kind that a record of it, or of its members, was written by. */
function isKindOf(entry: GraphEntry, record: StepRecord, { header, nested }: RecordedRun): boolean {
  const { key, status, childRunId } = record;
  const letter = letterAt(record, header, key.entry);
  if (letter !== undefined && letter !== letterOf(entry)) return false;
  if (!hasStampedMembers(entry, record, {})) return false;
  const isOpen = open.has(status);
  if (isEntryKey(key) && isOpen && 'pcf'.includes(letterOf(entry))) return false;
  if (isOpen && (status === 'waiting') !== (letterOf(entry) === 'z')) return false;
  const iterates = record.again === true || parseTurn(record.turn).iteration > 0;
  if (iterates && entry.type !== 'loop') return false;
  const workflowId = nestedAt(entry, key);
  if (childRunId === undefined) return !isOpen || workflowId === undefined;
  return workflowId !== undefined && (nested.get(childRunId) ?? workflowId) === workflowId;
}

/** Id of the workflow that is nested at a place. */
function nestedAt(entry: GraphEntry, { arm }: RecordKey): string | undefined {
  return graphSteps(entry)[arm ?? 0]?.nested?.workflowId;
}

/** The open block, when it is not the one that was opened. */
function openMisfit(graph: Graph, { header, open: block }: RecordedRun, mark: string): Misfit | undefined {
  if (block === undefined || isStampedBy(block.opening, mark)) return undefined;
  const { entry: number, opening } = block;
  const entry = graph[number];
  const letter = letterAt(opening, header, number);
  const isSameKind = entry !== undefined && (letter === undefined || letter === letterOf(entry));
  if (isSameKind && hasMembers(entry, opening) && hasStampedMembers(entry, opening, opening))
    return undefined;
  const path = [number];
  return { path, stepId: `block of ${opening.total}`, found: entry && blockName(entry, number) };
}

/** An entry's id, behind which those of its arms are. */
function blockName(entry: GraphEntry, number: number): string {
  const arms = armsOf(entry);
  return `${entryId(entry, number)}${arms === undefined ? '' : ` of ${arms.map(({ id }) => id).join(', ')}`}`;
}

/** Whether a block can have been opened for as many members. */
function hasMembers(entry: GraphEntry, { total, taken }: JoinOpening): boolean {
  if (entry.type === 'foreach') return taken === undefined;
  if (entry.type !== 'parallel' && entry.type !== 'conditional') return false;
  if (taken === undefined) return entry.type === 'parallel' && total === entry.arms.length;
  return taken.every((arm) => arm < entry.arms.length);
}

/** The first step that an event of the run was for, and that is still missing. */
function awaitedMisfit(
  graph: Graph,
  { header, records, open: block, awaited }: RecordedRun,
): Misfit | undefined {
  for (const { path, stepId } of awaited) {
    // Whoever had it another way has begun there meanwhile, or is past it: what is stored counts.
    const isBegun = records.some(({ key, turn }) => {
      const isThere = key.entry > (path[0] ?? 0) || isWithin(path, pathOf(key));
      return isThere && parseTurn(turn).epoch === header.epoch;
    });
    if (isBegun || (path.length === 1 && block?.entry === path[0])) continue;
    const key = keyOfPath(path, graph);
    const found = key === undefined ? undefined : stepIdAt(graph, key);
    if (found !== stepId) return { path, stepId, found };
  }
  return undefined;
}

/** Whether a path is another one, or goes on from it. A block of its own record has come to its end. */
function isWithin(path: readonly number[], outer: readonly number[]): boolean {
  return outer.every((number, index) => number === path[index]);
}

/** Characters of an id that a remedy shows: it is on the header, which stays below 1 KB. */
const idShown = 48;

function shown(id: string): string {
  return `"${id.length > idShown ? `${id.slice(0, idShown)}…` : id}"`;
}

const ways = 'cancel the run, or send it to another step by a time travel';

/** What a run is parked with that a graph does not fit. */
export function parkedFor({ path, stepId, found }: Misfit, since: number, place?: Parked['place']): Parked {
  const now = found === undefined ? 'nothing is there now' : `${shown(found)} is there now`;
  return {
    code: 'WORKFLOW_GRAPH_CHANGED',
    since,
    remedy: `The run has ${shown(stepId)} at [${path.join(', ')}], and ${now}: deploy the definition that has it, ${ways}`,
    ...(place === undefined ? {} : { place }),
  };
}

/** What a run is parked with whose workflow is not registered. */
export function parkedWithout(workflowId: string, since: number, place?: Parked['place']): Parked {
  return {
    code: 'WORKFLOW_NOT_FOUND',
    since,
    remedy: `Workflow ${shown(workflowId)} is not registered here: deploy it again, or cancel the run`,
    ...(place === undefined ? {} : { place }),
  };
}

/**
 * A graph as far as the records of a run tell it: for whoever looks at a run whose definition is not there. It has no
 * conditions, and nothing that the run did not come to.
 */
export function recordedGraph(header: RunHeader, records: readonly StepRecord[]): Graph {
  const last = records.reduce((most, { key }) => Math.max(most, key.entry), -1);
  // A foreach at which a run stands has no record but those of its items.
  const length = storedLetter(header, last + 1) === 'f' ? last + 2 : last + 1;
  return Array.from({ length }, (_, entry) =>
    recordedEntry(
      storedLetter(header, entry),
      entry,
      records.filter(({ key }) => key.entry === entry),
    ),
  );
}

const unknownNested = { workflowId: '', graph: [] } as const;

function recordedEntry(
  letter: string | undefined,
  entry: number,
  records: readonly StepRecord[],
): GraphEntry {
  const own = records.find(({ key }) => sameKey(key, { entry }));
  const arms = records.filter(({ key }) => key.arm !== undefined);
  const stepOf = (record: StepRecord) => ({
    id: record.stepId,
    canSuspend: false,
    ...(record.childRunId === undefined ? {} : { nested: unknownNested }),
  });
  if (arms.length > 0 || letter === 'p' || letter === 'c') {
    const count = Math.max(-1, ...arms.map(({ key }) => Number(key.arm))) + 1;
    const steps = Array.from({ length: count }, (_, arm) => {
      const record = arms.find(({ key }) => key.arm === arm);
      return record === undefined ? { id: `[${entry}, ${arm}]`, canSuspend: false } : stepOf(record);
    });
    const isBranch = letter === 'c' || arms.some(({ status }) => status === 'skipped');
    return isBranch
      ? { type: 'conditional', arms: steps, conditions: steps.map(() => '') }
      : { type: 'parallel', arms: steps };
  }
  const id = own?.stepId ?? `[${entry}]`;
  const step = own === undefined ? { id, canSuspend: false } : stepOf(own);
  switch (letter) {
    case 'f':
      return { type: 'foreach', step: { ...step, nested: unknownNested }, concurrency: '' };
    case 'l':
      return { type: 'loop', loopType: 'dowhile', step, condition: '' };
    case 'm':
      return { type: 'mapping', id, mapConfig: '' };
    case 'z':
      return { type: 'sleep', id, time: '' };
    default:
      return { type: 'step', ...step };
  }
}

/** A run with those nested in it, as far as they were loaded. */
interface ParkedView {
  readonly header: RunHeader;
  readonly children?: ReadonlyMap<string, ParkedView>;
}

/** What a run shows of why it waits for code: it does itself, or the first one nested in it that does. */
export function parkedState(view: ParkedView): { readonly parked?: ParkedState } {
  const own = view.header.parked;
  if (own !== undefined) return { parked: stateOf(own) };
  for (const child of view.children?.values() ?? []) {
    const { parked } = parkedState(child);
    if (parked !== undefined) return { parked: { runId: child.header.runId, ...parked } };
  }
  return {};
}

function stateOf({ code, since, remedy }: Parked): ParkedState {
  return { code, since, remedy };
}
