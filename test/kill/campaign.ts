import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/testing/simulator/random.ts';
import { type Draw, type DrawOptions, Draws } from './draws.ts';
import type { Fault } from './faults.ts';
import { File } from './file.ts';
import { type Expected, kindOf, type Ledger } from './ledger.ts';
import { type Point, points } from './points.ts';
import { Processes, programIn } from './process.ts';
import type { Death } from './status-record.ts';
import { inputs, started } from './workflows.ts';

/** Kills that one file lives through before it is checked as a whole. */
const killsPerFile = 25;
/** Runs that are open at the beginning of a life. */
const openRuns = started.length;

/** See {@link Laboratory.run}. */
export interface CampaignOptions extends Pick<DrawOptions, 'points' | 'pointsOnly'> {
  readonly seed: number;
  /** Ends after so many kills. @default none */
  readonly kills?: number;
  /** Ends when so much time has passed, ms, with the file that is being worked on. @default never */
  readonly milliseconds?: number;
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
  /** None, unless something is broken. */
  readonly violations: string[];
  files: number;
  /** Runs whose start was answered. */
  runs: number;
  /** Executions of bodies that these runs consist of. */
  executions: number;
  /** How often one of them began again, because a kill had cut it off before its end was on the disk. */
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

/** The program of the load, and what it does undisturbed: what every campaign needs. */
export class Laboratory {
  readonly #folder: string;
  readonly #processes: Processes;
  readonly #measure: Measure;

  private constructor(folder: string, processes: Processes, measured: Measure) {
    this.#folder = folder;
    this.#processes = processes;
    this.#measure = measured;
  }

  static async open(): Promise<Laboratory> {
    const folder = mkdtempSync(join(tmpdir(), 'evented-kill-'));
    const processes = new Processes(await programIn(folder));
    try {
      return new Laboratory(folder, processes, await measure(folder, processes));
    } catch (error) {
      await processes.close();
      throw error;
    }
  }

  /**
   * Kills process after process that work on the same file, and checks after each death, and at the end of each file, that
   * nothing is lost and nothing that had ended was executed again. What is drawn follows from the seed; where a kill at a drawn
   * moment falls depends on the machine, and is read from what the process left. Ends with the first file that has a violation.
   */
  async run(options: CampaignOptions): Promise<CampaignReport> {
    const { seed, kills = Number.POSITIVE_INFINITY, milliseconds = Number.POSITIVE_INFINITY } = options;
    const until = performance.now() + milliseconds;
    const report: CampaignReport = {
      seed,
      kills: [],
      violations: [],
      files: 0,
      runs: 0,
      executions: 0,
      repeated: 0,
      survivors: 0,
    };
    const draws = new Draws(new Random(seed), {
      ...this.#measure,
      ...options,
      milliseconds: this.#measure.milliseconds,
    });
    while (report.kills.length < kills && report.violations.length === 0 && performance.now() < until) {
      await this.#killOnOneFile(draws, Math.min(killsPerFile, kills - report.kills.length), report, options);
      options.onFile?.(report);
    }
    return report;
  }

  async close(): Promise<void> {
    await this.#processes.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #killOnOneFile(
    draws: Draws,
    kills: number,
    report: CampaignReport,
    { fault }: CampaignOptions,
  ): Promise<void> {
    const file = new File(mkdtempSync(join(this.#folder, 'file-')), this.#processes, fault);
    const { violations } = file.ledger;
    let killed = 0;
    let again: Draw | undefined;
    while (killed < kills && violations.length === 0) {
      const draw = again ?? draws.next();
      const end = await file.live(openRuns, draw, draws.insideMicroseconds());
      if (end.type === 'killed') {
        killed += 1;
        report.kills.push({ point: 'order' in draw ? draw.order.point : undefined, death: end.death });
        again = undefined;
      } else {
        report.survivors += 1;
        again = draws.again(draw, end.type === 'ended' ? end.ending.reached : {});
      }
    }
    if (violations.length === 0) await file.live(0, undefined, 0);
    if (violations.length === 0) await file.check((runId) => this.#measure.expected.get(kindOf(runId)));
    file.remove();
    add(report, file.ledger);
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
  const { opening, working, reached } = end.ending;
  file.remove();
  return {
    milliseconds: opening + working / batches,
    reached: new Map(points.map((point) => [point, Math.floor((reached[point] ?? 0) / batches)])),
    expected: new Map([...ledger.accepted].map((runId) => [kindOf(runId), ledger.outcome(runId)])),
  };
}

function add(report: CampaignReport, ledger: Ledger): void {
  report.files += 1;
  report.runs += ledger.accepted.size;
  report.executions += ledger.executions;
  report.repeated += ledger.repeated;
  report.violations.push(...ledger.violations);
}
