import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/testing/simulator/random.ts';
import type { Task } from './child.ts';
import type { Fault } from './faults.ts';
import { type Expected, kindOf, Ledger } from './ledger.ts';
import { type Place, type Point, points, placeOf } from './points.ts';
import { type End, LoadProcess, programIn } from './process.ts';
import { Reader } from './reader.ts';
import type { Death } from './status-record.ts';
import { inputs, runOf, started } from './workflows.ts';

/** Kills that one file lives through before it is checked as a whole. */
const killsPerFile = 25;
/** Runs that are open at the beginning of a life. */
const openRuns = started.length;
/** A kill that is to fall inside a COMMIT comes at most so long after its beginning, microseconds. */
const longestInside = 1_500;

/** See {@link runCampaign}. */
export interface CampaignOptions {
  readonly seed: number;
  /** Ends after so many kills. */
  readonly kills?: number;
  /** Ends when so much time has passed, ms, with the file that is being worked on. */
  readonly milliseconds?: number;
  /** Draw points of these only. @default all */
  readonly points?: readonly Point[];
  /** All kills at drawn points. @default half of them, the other half at drawn moments */
  readonly pointsOnly?: boolean;
  readonly fault?: Fault;
  /** Told after each file. */
  readonly onFile?: (report: CampaignReport) => void;
}

/** One kill. */
export interface Kill {
  /** Undefined: at a drawn moment. */
  readonly point: Point | undefined;
  readonly death: Death;
}

/** What a campaign has come to. */
export interface CampaignReport {
  readonly seed: number;
  readonly kills: Kill[];
  readonly violations: string[];
  files: number;
  /** Runs that were accepted, and all of them came to their end. */
  runs: number;
  executions: number;
  /** Executions of bodies that a kill made begin again. */
  repeated: number;
  /** Lives that were over before their kill came. */
  survivors: number;
}

/** What a process that nobody kills takes and does, for the work of one life. */
interface Measure {
  readonly milliseconds: number;
  readonly reached: ReadonlyMap<Point, number>;
  readonly expected: ReadonlyMap<string, Expected>;
}

type Draw = { readonly killAfterMs: number } | { readonly order: NonNullable<Task['order']> } | undefined;

/** Cards that are dealt in a drawn order, all of them before any comes again. */
class Deck<T> {
  readonly #random: Random;
  readonly #cards: readonly T[];
  #left: T[] = [];

  constructor(random: Random, cards: readonly T[]) {
    this.#random = random;
    this.#cards = cards;
  }

  deal(): T {
    if (this.#left.length === 0) this.#left = [...this.#cards];
    return this.#left.splice(this.#random.below(this.#left.length), 1)[0] as T;
  }
}

/** Draws how each life ends. */
class Draws {
  readonly #random: Random;
  readonly #measure: Measure;
  readonly #kinds: Deck<'moment' | 'point'>;
  readonly #places: Deck<Place>;
  readonly #decks: ReadonlyMap<Place, Deck<Point>>;

  constructor(random: Random, measure: Measure, options: CampaignOptions) {
    this.#random = random;
    this.#measure = measure;
    this.#kinds = new Deck(random, options.pointsOnly === true ? ['point'] : ['moment', 'point']);
    const wanted = (options.points ?? points).filter((point) => (measure.reached.get(point) ?? 0) > 0);
    const byPlace = Map.groupBy(wanted, placeOf);
    this.#places = new Deck(random, [...byPlace.keys()]);
    this.#decks = new Map([...byPlace].map(([place, some]) => [place, new Deck(random, some)]));
  }

  next(): NonNullable<Draw> {
    const { milliseconds, reached } = this.#measure;
    if (this.#kinds.deal() === 'moment') return { killAfterMs: this.#random.next() * milliseconds };
    const point = this.#decks.get(this.#places.deal())?.deal() ?? 'load.delivered';
    return { order: { point, occurrence: this.#random.between(1, Math.max(1, reached.get(point) ?? 1)) } };
  }

  insideMicroseconds(): number {
    return this.#random.below(longestInside);
  }
}

/** Processes to come; one is always loading its program while another one works. */
class Processes {
  readonly #program: string;
  #spare: LoadProcess | undefined;

  constructor(program: string) {
    this.#program = program;
  }

  next(): LoadProcess {
    const ready = this.#spare ?? new LoadProcess(this.#program);
    this.#spare = new LoadProcess(this.#program);
    return ready;
  }

  async close(): Promise<void> {
    await this.#spare?.discard();
  }
}

/** One database file, from the first process that opens it to the last. */
class File {
  readonly ledger = new Ledger();
  readonly #folder: string;
  readonly #processes: Processes;
  readonly #fault: Fault | undefined;
  /** Runs that any life was to start. */
  readonly #attempted: string[] = [];
  #read = 0;
  #lives = 0;

  constructor(folder: string, processes: Processes, fault?: Fault) {
    this.#folder = folder;
    this.#processes = processes;
    this.#fault = fault;
  }

  /** One life: whatever is open, and as many new runs as make it `open`. */
  async live(open: number, draw: Draw, insideMicroseconds: number): Promise<End> {
    const { accepted, over } = this.ledger;
    const unfinished = this.#attempted.filter((runId) => !over.has(runId));
    const added = Array.from({ length: Math.max(0, open - unfinished.length) }, (_, index) =>
      runOf(this.#attempted.length + index),
    );
    this.#attempted.push(...added);
    this.#lives += 1;
    const task: Task = {
      database: this.#database,
      journal: join(this.#folder, 'journal'),
      status: join(this.#folder, 'status'),
      follow: unfinished.filter((runId) => accepted.has(runId)),
      start: [...unfinished.filter((runId) => !accepted.has(runId)), ...added],
      insideMicroseconds,
      ...(draw !== undefined && 'order' in draw ? { order: draw.order } : {}),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    };
    const end = await this.#processes
      .next()
      .live(task, draw !== undefined && 'killAfterMs' in draw ? draw.killAfterMs : undefined);
    await this.#takeDown(end);
    return end;
  }

  /** Checks the file as a whole, after its last life. */
  async check(expected: (runId: string) => Expected | undefined): Promise<void> {
    const reader = this.#reader();
    await this.ledger.atTheEnd(reader, this.#database, expected);
    await reader.close();
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #database(): string {
    return join(this.#folder, 'runs.db');
  }

  #reader(): Reader {
    return new Reader(this.#database, join(this.#folder, 'copy'));
  }

  async #takeDown(end: End): Promise<void> {
    if (end.type === 'failed') this.ledger.violations.push(`a process failed, ${end.text}`);
    else if (end.type === 'ended') {
      for (const runId of end.ending.stuck) this.ledger.violations.push(`run ${runId} is lost: nothing is left to bring it on`);
    }
    const journal = readFileSync(join(this.#folder, 'journal'));
    const lines = journal.subarray(this.#read).toString().split('\n').slice(0, -1);
    this.#read = journal.length;
    const reader = this.#reader();
    await this.ledger.afterLife(lines, reader, this.#attempted);
    await reader.close();
  }
}

/** Lets a process do the work of some lives undisturbed. */
async function measure(folder: string, processes: Processes): Promise<Measure> {
  const file = new File(mkdtempSync(join(folder, 'clean-')), processes);
  const batches = inputs.length;
  const end = await file.live(openRuns * batches, undefined, 0);
  await file.check(() => undefined);
  const { ledger } = file;
  if (end.type !== 'ended' || ledger.violations.length > 0 || ledger.repeated > 0) {
    throw new Error(`a process that nobody kills: ${JSON.stringify([end, ledger.violations])}`);
  }
  const { milliseconds, reached } = end.ending;
  file.remove();
  return {
    milliseconds: milliseconds / batches,
    reached: new Map(points.map((point) => [point, Math.floor((reached[point] ?? 0) / batches)])),
    expected: new Map([...ledger.accepted].map((runId) => [kindOf(runId), ledger.outcome(runId)])),
  };
}

/**
 * Kills process after process that work on the same file, and checks after each death and at the end of each file that nothing
 * is lost and nothing that had ended was executed again. What is drawn follows from the seed; where a kill at a drawn moment
 * falls depends on the machine, and is read from what the process left. Ends with the first file that has a violation.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, kills = Number.POSITIVE_INFINITY, milliseconds = Number.POSITIVE_INFINITY, onFile } = options;
  const until = performance.now() + milliseconds;
  const folder = mkdtempSync(join(tmpdir(), 'evented-kill-'));
  const processes = new Processes(await programIn(folder));
  const report: CampaignReport = { seed, kills: [], violations: [], files: 0, runs: 0, executions: 0, repeated: 0, survivors: 0 };
  try {
    const clean = await measure(folder, processes);
    const draws = new Draws(new Random(seed), clean, options);
    while (report.kills.length < kills && report.violations.length === 0 && performance.now() < until) {
      const file = new File(mkdtempSync(join(folder, 'file-')), processes, options.fault);
      const limit = Math.min(killsPerFile, kills - report.kills.length);
      await killOn(file, draws, limit, report);
      await file.live(0, undefined, 0);
      if (options.fault === undefined || file.ledger.violations.length === 0) {
        await file.check((runId) => clean.expected.get(kindOf(runId)));
      }
      file.remove();
      add(report, file.ledger);
      onFile?.(report);
    }
  } finally {
    await processes.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

/** Lives on one file until `limit` of them were killed, or one brought a violation to light. */
async function killOn(file: File, draws: Draws, limit: number, report: CampaignReport): Promise<void> {
  let killed = 0;
  while (killed < limit && file.ledger.violations.length === 0) {
    const draw = draws.next();
    const end = await file.live(openRuns, draw, draws.insideMicroseconds());
    if (end.type === 'killed') {
      killed += 1;
      report.kills.push({ point: 'order' in draw ? draw.order.point : undefined, death: end.death });
    } else report.survivors += 1;
  }
}

function add(report: CampaignReport, ledger: Ledger): void {
  report.files += 1;
  report.runs += ledger.accepted.size;
  report.executions += ledger.executions;
  report.repeated += ledger.repeated;
  report.violations.push(...ledger.violations);
}
