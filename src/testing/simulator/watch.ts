import { endedByDeadline } from '../../core/deadline.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import { defaultRunLimits } from '../../core/limits.ts';
import {
  formatKey,
  isEntryKey,
  isVisible,
  pathOf,
  type RecordKey,
  type RunHeader,
  type StepRecord,
  terminalStatuses,
} from '../../core/records.ts';
import { baseTurn, parseTurn } from '../../core/turn.ts';
import type {
  AppendResult,
  AppendWrite,
  ClaimWrite,
  NamedResult,
  NamedWrite,
  NestWrite,
  OpenJoinWrite,
  ResumeResult,
  ResumeWrite,
  TakeOverWrite,
  Write,
} from '../../ports/index.ts';
import { defaultTimes } from '../../runtime/engine.ts';
import type { DoneCall } from './process.ts';
import { unstoredOf } from './unstored.ts';
import { headerWrites, recordWrites } from './watched-writes.ts';
import { PlacesWatch } from './places-watch.ts';
import type { StaleReads } from './stale-reads.ts';

/** Statuses of a record that say what came of it: nothing of it changes within its turn any more. */
const settled: ReadonlySet<StepRecord['status']> = new Set(['success', 'failed', 'skipped']);

const { skewMs } = defaultTimes;

/** Claims of a turn after which its step fails: see `RunLimits.claims`. */
const mostClaims = defaultRunLimits.claims;

/** A suspended step, and where it is. */
export interface SuspendedStep {
  /** Run that executes it. */
  readonly runId: string;
  readonly record: StepRecord;
  /** The run that was started. */
  readonly rootId: string;
  /** Ids of the steps from the root run on. */
  readonly path: readonly string[];
  /** Numbers of the items of the foreachs on the way, outermost first. */
  readonly items: readonly number[];
}

/**
 * Sees every write of a simulation when it is done, whether or not its caller learns of it, and holds what must hold at
 * every moment. Reads nothing: what is stored follows from the writes.
 */
export class Watch {
  readonly violations: string[] = [];
  readonly headers = new Map<string, RunHeader>();
  /** By run and formatted key. */
  readonly records = new Map<string, StepRecord>();
  /** A step failed because its workers died in it too often. */
  gaveUp = false;
  /** The time of a run was over before it was. */
  timedOut = false;
  /** Somebody resumed a step before the run as a whole, and the places around it, showed that it was suspended. */
  resumedEarly = false;
  /** Tokens of each join, by run, entry and epoch. */
  readonly #tokens = new Map<string, number[]>();
  /** Writes that changed a record. */
  changes = 0;
  /** Writes that were won, and lost, by method. */
  readonly won = new Map<string, number>();
  readonly lost = new Map<string, number>();
  readonly #roots: readonly string[];
  readonly #places: PlacesWatch | undefined;
  readonly #stale: StaleReads;
  readonly #known: Set<string>;
  readonly #readsStale: boolean;
  /** Counts deliveries and changes of headers. */
  #moment = 0;
  /** When an event of a turn was first delivered to a process. */
  readonly #delivered = new Map<string, number>();
  /** When a run ended, or began another epoch. */
  readonly #turnedAt = new Map<string, number>();
  readonly #suspended = new Map<string, StepRecord>();
  readonly #opened = new Set<string>();
  /** Which write was the last one of each record. */
  readonly #written = new Map<string, number>();
  /** End of the lease that the last claim or takeover of a record set, without renewals. */
  readonly #leases = new Map<string, number>();

  /** `readsStale`: what is over, or of an earlier epoch, may look as if it were not. */
  constructor(
    roots: readonly string[],
    options: { readonly stale: StaleReads; readonly readsStale: boolean; readonly limit: number | undefined },
  ) {
    const { stale, readsStale, limit } = options;
    this.#readsStale = readsStale;
    this.#roots = roots;
    this.#stale = stale;
    this.#known = new Set(roots);
    if (limit !== undefined) this.#places = new PlacesWatch(limit, (what) => this.violate(what));
  }

  /** The run that all is about. */
  get root(): RunHeader | undefined {
    return this.headers.get(this.#roots[0] ?? '');
  }

  /** It, and those that were started beside it. */
  get roots(): readonly RunHeader[] {
    return this.#roots.flatMap((runId) => this.headers.get(runId) ?? []);
  }

  /** See {@link PlacesWatch}. */
  get places(): PlacesWatch | undefined {
    return this.#places;
  }

  /** Epochs in which a block was opened, ascending. */
  openedEpochs(runId: string, entry: number): number[] {
    const head = `${runId}/${entry}/`;
    const names = [...this.#opened].filter((name) => name.startsWith(head));
    return names.map((name) => Number(name.slice(head.length))).toSorted((a, b) => a - b);
  }

  /** Tokens of a block in an epoch. */
  tokensOf(runId: string, entry: number, epoch: number): readonly number[] | undefined {
    return this.#tokens.get(`${runId}/${entry}/${epoch}`);
  }

  record(runId: string, key: RecordKey): StepRecord | undefined {
    return this.records.get(`${runId}/${formatKey(key)}`);
  }

  violate(what: string): void {
    this.violations.push(what);
  }

  /** The runs were removed; whatever is written to them from now on is wrong. */
  expire(): void {
    this.#known.clear();
  }

  /** A call of the store was done. */
  done(call: DoneCall): void {
    const { method, argument, result } = call;
    if (headerWrites.has(method)) this.#header(method, result as Write<RunHeader>);
    else if (recordWrites.has(method)) this.#recordWrite(call, result as Write<StepRecord>);
    else if (method === 'writeNamed') this.#named(argument as NamedWrite, result as NamedResult);
    else if (method === 'appendToken') this.#appended(argument as AppendWrite, result as AppendResult);
    else if (method === 'openJoin') this.#openJoin(argument as OpenJoinWrite, result as Write<unknown>);
  }

  #named({ name }: NamedWrite, { won, text }: NamedResult): void {
    if (won) this.#places?.named(name, text);
  }

  /** Something of a run begins: it is going on from now on. */
  #begins(runId: string): void {
    const rootId = this.headers.get(runId)?.root ?? runId;
    const root = this.headers.get(rootId);
    if (root !== undefined && !terminalStatuses.has(root.status)) this.#places?.begun(rootId);
  }

  #appended({ runId, entry, epoch, token }: AppendWrite, { won, position }: AppendResult): void {
    this.#count('appendToken', won);
    const name = `${runId}/${entry}/${epoch}`;
    const tokens = this.#tokens.get(name) ?? [];
    this.#tokens.set(name, tokens);
    const before = tokens[position];
    if (before !== undefined && before !== token) this.violate(`two tokens are at ${position} of ${name}`);
    if (tokens.some((other, place) => other === token && place !== position))
      this.violate(`token ${token} is in ${name} twice`);
    tokens[position] = token;
  }

  #count(method: string, won: boolean): void {
    const counts = won ? this.won : this.lost;
    counts.set(method, (counts.get(method) ?? 0) + 1);
  }

  #header(method: string, { won, image }: Write<RunHeader>): void {
    this.#count(method, won);
    if (!won || image === undefined) return;
    this.timedOut ||= image.endedBy === endedByDeadline;
    const before = this.headers.get(image.runId);
    this.#belongs(method, image.runId);
    if (before !== undefined && terminalStatuses.has(before.status)) {
      const isNewEpoch = image.epoch === before.epoch + 1;
      if (!isNewEpoch && image.status !== before.status)
        this.violate(`${method} made the ${before.status} run ${image.runId} ${image.status}`);
    }
    if (before !== undefined && image.epoch < before.epoch)
      this.violate(`${method} took run ${image.runId} back to epoch ${image.epoch}`);
    if (terminalStatuses.has(image.status) || image.epoch !== before?.epoch) {
      this.#moment += 1;
      this.#turnedAt.set(image.runId, this.#moment);
    }
    this.#setHeader(image);
  }

  /** An event is delivered to a process. */
  delivered({ runId, path, turn }: WorkflowEvent, process: string): void {
    this.#moment += 1;
    const name = `${process}/${runId}/${path.join('/')}/${turn ?? ''}`;
    // It may handle an earlier delivery still.
    if (!this.#delivered.has(name)) this.#delivered.set(name, this.#moment);
  }

  /** Whoever got an event when its run was over, or in another epoch, begins nothing. */
  #isBelated({ process }: DoneCall, { runId, key, turn }: ClaimWrite): boolean {
    const header = this.headers.get(runId);
    if (header === undefined || this.#readsStale) return false;
    if (!terminalStatuses.has(header.status) && parseTurn(turn).epoch === header.epoch) return false;
    const delivered = this.#delivered.get(`${process.name}/${runId}/${pathOf(key).join('/')}/${turn}`);
    return delivered !== undefined && delivered > (this.#turnedAt.get(runId) ?? Infinity);
  }

  #setHeader(header: RunHeader): void {
    this.headers.set(header.runId, header);
    if (header.root === undefined) this.#places?.header(header);
    this.#stale.noteHeader(header);
  }

  #belongs(method: string, runId: string): void {
    if (!this.#known.has(runId))
      this.violate(`${method} wrote to run ${runId}, which is not of this simulation`);
  }

  #recordWrite(call: DoneCall, result: Write<StepRecord>): void {
    const { method, argument } = call;
    const { runId } = argument as { readonly runId: string };
    this.#count(method, result.won);
    if (!result.won || result.image === undefined) return;
    this.#belongs(method, runId);
    const { image } = result;
    const name = `${runId}/${formatKey(image.key)}`;
    const before = this.records.get(name);
    if (method === 'claim') {
      const write = argument as ClaimWrite;
      if (this.#isBelated(call, write))
        this.violate(`${name} was claimed at ${write.turn} after its run was over, or in another epoch`);
      this.#claimed(write, before);
    }
    if (method === 'takeOver') this.#takenOver(call, argument as TakeOverWrite);
    if (method === 'commit') this.gaveUp ||= image.status !== 'success' && (before?.claims ?? 1) > mostClaims;
    if (method === 'voidLease') this.#leases.delete(name);
    if (method === 'nest') this.#known.add((argument as NestWrite).childRunId);
    if (method === 'claim' || method === 'nest' || method === 'sleep')
      this.#follows(method, runId, image.key);
    // A request that comes again has won, too, and changes nothing.
    if (method === 'resume' && image.turn !== before?.turn) this.#reopened(argument as ResumeWrite, result);
    if (before !== undefined) this.#keeps(method, runId, before, image);
    this.records.set(name, image);
    if (image.status === 'suspended' && image.childRunId === undefined) this.#suspended.set(name, image);
    else this.#suspended.delete(name);
    this.changes += 1;
    this.#written.set(name, this.changes);
    this.#stale.noteRecord(runId, image);
  }

  #claimed({ runId, key, turn, owner, leaseUntil }: ClaimWrite, before: StepRecord | undefined): void {
    this.#leases.set(`${runId}/${formatKey(key)}`, leaseUntil);
    if (before?.turn === turn && before.status === 'running' && before.owner !== owner)
      this.violate(`${owner} claimed ${runId} ${formatKey(key)} ${turn}, which ${before.owner} held`);
  }

  /** By what it read: a renewal may have come between. */
  #takenOver({ process }: DoneCall, write: TakeOverWrite): void {
    const name = `${write.runId}/${formatKey(write.key)}`;
    const until = this.#leases.get(name) ?? 0;
    this.#leases.set(name, write.leaseUntil);
    const now = process.backend.clock.now();
    if (until >= now - skewMs)
      this.violate(
        `${write.owner} took ${write.runId} ${formatKey(write.key)} over ${until - now} ms before its lease ended`,
      );
  }

  #reopened(write: ResumeWrite, { won }: Pick<ResumeResult, 'won'>): void {
    if (!won) return;
    const root = this.headers.get(this.headers.get(write.runId)?.root ?? write.runId);
    this.resumedEarly ||= root?.status !== 'suspended' || !this.#isSeenAbove(write);
    for (const { runId, epoch } of write.runs) {
      const before = this.headers.get(runId);
      if (before === undefined || before.epoch !== epoch || terminalStatuses.has(before.status)) {
        this.violate(`resume reopened run ${runId}, which is ${before?.status} in epoch ${before?.epoch}`);
      } else this.#setHeader({ ...before, wakes: before.wakes + 1, sweepAt: write.sweepAt });
    }
  }

  /** Whether the places around a suspended step have seen that it is. */
  #isSeenAbove({ runId, key }: ResumeWrite): boolean {
    let name = `${runId}/${formatKey(key)}`;
    let { parent } = this.headers.get(runId) ?? {};
    while (parent !== undefined) {
      const above = `${parent.runId}/${formatKey(parent.key)}`;
      if ((this.#written.get(above) ?? 0) < (this.#written.get(name) ?? 0)) return false;
      name = above;
      ({ parent } = this.headers.get(parent.runId) ?? {});
    }
    return true;
  }

  /** A turn that has a result keeps it, and no turn comes back. */
  #keeps(method: string, runId: string, before: StepRecord, image: StepRecord): void {
    const where = `${runId} ${formatKey(image.key)}`;
    // What is over, or was begun, is of one step: another one takes its place in another epoch only.
    if (image.stepId !== before.stepId && parseTurn(image.turn).epoch === parseTurn(before.turn).epoch)
      this.violate(`${method} made ${where} ${image.stepId}, which was ${before.stepId}`);
    if (image.turn < before.turn)
      this.violate(`${method} took ${where} back from ${before.turn} to ${image.turn}`);
    if (!settled.has(before.status) || baseTurn(image.turn) !== baseTurn(before.turn)) return;
    const isSame =
      image.status === before.status &&
      textOf(image.output) === textOf(before.output) &&
      textOf(image.error) === textOf(before.error);
    if (!isSame)
      this.violate(
        `${method} changed the result of ${where} at ${image.turn}: ${before.status} to ${image.status}`,
      );
  }

  #openJoin(write: OpenJoinWrite, { won }: Write<unknown>): void {
    this.#count('openJoin', won);
    if (!won) return;
    this.#belongs('openJoin', write.runId);
    this.#opened.add(`${write.runId}/${write.entry}/${write.epoch}`);
    this.#follows('openJoin', write.runId, { entry: write.entry });
  }

  /** What begins has before it what has succeeded; a member is in a block that was opened. */
  #follows(method: string, runId: string, key: RecordKey): void {
    const header = this.headers.get(runId);
    const where = `${method} of ${runId} ${formatKey(key)}`;
    this.#begins(runId);
    if (header === undefined) return this.violate(`${where}: its run was never started`);
    if (!isEntryKey(key)) {
      const isOpen = [...Array(header.epoch).keys()].some((epoch) =>
        this.#opened.has(`${runId}/${key.entry}/${epoch + 1}`),
      );
      if (!isOpen) this.violate(`${where}: its block was never opened`);
      return;
    }
    if (key.entry === 0) return;
    const before = this.record(runId, { entry: key.entry - 1 });
    if (before?.status !== 'success' || !isVisible(parseTurn(before.turn).epoch, key.entry - 1, header))
      this.violate(`${where}: entry ${key.entry - 1} is ${before?.status ?? 'not there'}`);
  }

  /** An event says nothing that is not stored. */
  published(event: WorkflowEvent): void {
    const recordAt = (key: RecordKey): StepRecord | undefined => this.record(event.runId, key);
    const what = unstoredOf(event, this.headers.get(event.runId), recordAt);
    if (what !== undefined) this.violate(what);
  }

  /** Steps that are suspended at the moment in runs that are not over, in the order of their places. */
  suspended(): SuspendedStep[] {
    if (this.#suspended.size === 0) return [];
    return [...this.#suspended]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, record]) => {
        const runId = name.slice(0, name.lastIndexOf('/'));
        return this.#placed(runId, record) ?? [];
      });
  }

  #placed(runId: string, record: StepRecord): SuspendedStep | undefined {
    const path = [record.stepId];
    const items = record.key.item === undefined ? [] : [record.key.item];
    let header = this.headers.get(runId);
    let { turn } = record;
    while (header !== undefined) {
      if (terminalStatuses.has(header.status) || parseTurn(turn).epoch !== header.epoch) return undefined;
      const { parent } = header;
      if (parent === undefined) return { runId, rootId: header.runId, record, path, items };
      const waiting = this.record(parent.runId, parent.key);
      if (waiting === undefined) return undefined;
      path.unshift(waiting.stepId);
      if (parent.key.item !== undefined) items.unshift(parent.key.item);
      ({ turn } = waiting);
      header = this.headers.get(parent.runId);
    }
    return undefined;
  }
}

function textOf(value: StepRecord['output']): string {
  if (value === undefined) return '';
  return 'inline' in value ? value.inline : value.ref;
}
