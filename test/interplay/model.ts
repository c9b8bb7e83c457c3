import { handOn, type Container, type Kind, slotId, wrapIn } from './containers.ts';
import { time } from './script.ts';

/**
 * What a run of a container comes to, worked out from what the probe comes to and from the rules of parity alone: each
 * entry, each count, each path. It knows nothing of records, turns or joins.
 */

/** What the probe comes to where it acts. */
export interface Act {
  readonly kind:
    | 'success'
    | 'failed'
    | 'suspended'
    | 'bailed'
    | 'aborted'
    /** The run was canceled while the body ran, and then that gave an output all the same. */
    | 'stopped';
  /** Output, what it was bailed with, or the suspend payload; of a failure the text of its error. */
  readonly value?: unknown;
  /** Executions of its body. @default 1 */
  readonly times?: number;
  /** What its entry shows beside payload, status, output, error and times: of an earlier suspension, say. */
  readonly also?: Readonly<Record<string, unknown>>;
  /** The same of the entries of the workflows around it. */
  readonly around?: Readonly<Record<string, unknown>>;
  /** The same of the entries of foreachs around it. */
  readonly aroundItems?: Readonly<Record<string, unknown>>;
  /** It stands suspended in a run that was canceled. */
  readonly canceled?: true;
}

type Fields = Readonly<Record<string, unknown>>;
type Steps = Record<string, Fields>;

/** How a place, or a workflow, comes out. */
interface Outcome {
  readonly status: 'success' | 'failed' | 'suspended' | 'canceled';
  readonly value?: unknown;
  /** It ends the workflow that it is in, as a success. */
  readonly bailed?: true;
  /** The probe acted in it. */
  readonly acted: boolean;
}

/** One execution of what stands at a place. */
interface Call extends Outcome {
  readonly fields: Fields;
  /** Entries of the workflow nested there. */
  readonly inner: Steps;
}

/** A run, as its result shows it (`steps`), and with what is nested in it (`flat`). */
export interface Expected extends Outcome {
  readonly steps: Steps;
  readonly flat: Steps;
  readonly ran: Readonly<Record<string, number>>;
  readonly stepExecutionPath: readonly string[];
}

const ended = { startedAt: time, endedAt: time };
const suspendedTimes = { startedAt: time, suspendedAt: time };

function success(output: unknown): Fields {
  return { status: 'success', output, ...ended };
}

function fieldsOf({ status, value }: Outcome): Fields {
  switch (status) {
    case 'failed':
      return { status, error: value, ...ended };
    case 'suspended':
      return { status, ...suspendedTimes, ...(value === undefined ? {} : { suspendPayload: value }) };
    case 'canceled':
      return { status, ...ended };
    default:
      return success(value);
  }
}

/** Goes through a run of `container`, counting what is executed. */
class Model {
  readonly ran: Record<string, number> = {};
  private readonly levels: readonly Kind[];
  private readonly act: Act;
  private readonly keeps: boolean;
  private isQuiet = false;

  constructor(levels: readonly Kind[], act: Act, keeps: boolean) {
    this.levels = levels;
    this.act = act;
    this.keeps = keeps;
  }

  private count(id: string, times = 1): void {
    if (this.isQuiet) return;
    this.ran[id] = (this.ran[id] ?? 0) + times;
  }

  private acting(): Call {
    const { kind, value, times, also } = this.act;
    this.count('probe', times);
    const isOther = kind === 'bailed' || kind === 'aborted' || kind === 'stopped';
    const own = fieldsOf({ status: isOther ? 'success' : kind, value, acted: true });
    const base = { value, acted: true, fields: { ...own, ...also }, inner: {} };
    if (kind === 'bailed') return { ...base, status: 'success', bailed: true };
    return { ...base, status: kind === 'aborted' || kind === 'stopped' ? 'canceled' : kind };
  }

  private call(level: number, input: unknown, entered = 0): Call {
    if (level < this.levels.length - 1) {
      const { flat, ...run } = this.workflow(level + 1, input, entered - 1);
      const { status, value, acted } = run;
      const around = acted ? this.act.around : {};
      return { status, value, acted, fields: { ...fieldsOf(run), ...around }, inner: flat };
    }
    if (input === 'probe') return this.acting();
    this.count('pass');
    const value = handOn(String(input));
    return { status: 'success', value, acted: false, fields: success(value), inner: {} };
  }

  /** Entries of a nested workflow beside those around it; what is suspended in it is its step, not the entry itself. */
  private flat(level: number, own: Steps, inner: Steps, prefixes: readonly [string, Steps][]): Steps {
    const id = slotId(this.levels, level);
    const shown = own[id];
    const isNested = Object.keys(inner).length > 0;
    const waits = shown?.['status'] === 'suspended' && isNested && this.act.canceled === undefined;
    return {
      ...own,
      ...(waits ? { [id]: { ...shown, status: 'running' } } : {}),
      ...Object.fromEntries(
        prefixes.flatMap(([prefix, steps]) =>
          Object.entries(steps).map(([name, entry]) => [`${prefix}.${name}`, entry] as const),
        ),
      ),
    };
  }

  private items(level: number, kind: Kind, input: unknown, entered: number) {
    const id = slotId(this.levels, level);
    const elements = wrapIn(kind, input) as unknown[];
    const calls: Call[] = [];
    for (const element of elements) {
      const last = calls.at(-1);
      const goesOn = kind === 'window' || last === undefined || (last.status === 'success' && !last.bailed);
      if (!goesOn) continue;
      // What had succeeded before a time travel is kept. With one at a time, what stands behind the probe had not begun.
      const keeps = this.keeps && entered > 0 && element !== input;
      const isKept = keeps && (element === 'x' || kind === 'window');
      this.isQuiet ||= isKept;
      calls.push(this.call(level, element, keeps ? 0 : entered));
      if (isKept) this.isQuiet = false;
    }
    const decisive = calls.find(({ status, bailed }) => status !== 'success' || bailed);
    const outcome: Outcome = decisive ?? {
      status: 'success',
      value: calls.map(({ value }) => value),
      acted: calls.some(({ acted }) => acted),
    };
    const payload = decisive?.bailed ? 'probe' : elements;
    // All of its items have come to something, though nobody waits for it any more.
    if (this.act.kind === 'stopped' && kind === 'window' && id === 'probe' && outcome.acted) {
      const entry = { payload: elements, ...success(calls.map((call) => call.value)) };
      return { outcome, own: { [id]: entry }, inner: {}, prefixes: [] };
    }
    const isCanceled = outcome.acted && this.act.canceled === true;
    const shown = isCanceled ? fieldsOf({ status: 'canceled', acted: true }) : fieldsOf(outcome);
    const entry = { payload, ...shown, ...(outcome.acted ? this.act.aroundItems : {}) };
    const prefixes = calls.map(({ inner }, index) => [`${id}[${index}]`, inner] as [string, Steps]);
    return { outcome, own: { [id]: entry }, inner: decisive?.inner ?? {}, prefixes };
  }

  private place(level: number, kind: Kind, input: unknown, entered: number) {
    if (kind === 'each' || kind === 'window') return this.items(level, kind, input, entered);
    const id = slotId(this.levels, level);
    if (kind === 'loop') this.call(level, wrapIn(kind, input), entered);
    const call = this.call(level, input, kind === 'loop' ? 0 : entered);
    const loop = kind === 'loop' ? { metadata: { iterationCount: 2 } } : {};
    const own: Steps = { [id]: { payload: input, ...call.fields, ...loop } };
    if (kind === 'arm' || kind === 'branch') {
      if (entered < 1) this.count(`side${level}`);
      // A branch is taken as it was: what it did not take is skipped.
      else if (kind === 'branch') own[`never${level}`] = { payload: input, status: 'skipped', ...ended };
      own[`side${level}`] = { payload: input, ...success('side') };
    }
    return { outcome: call, own, inner: call.inner, prefixes: [[id, call.inner]] as [string, Steps][] };
  }

  /** `entered`: in how many workflows, from this one inwards, it is the place that is executed first. */
  workflow(level: number, input: unknown, entered = 0): Omit<Expected, 'ran'> {
    const kind = this.levels[level] ?? 'plain';
    const id = slotId(this.levels, level);
    if (entered < 1) this.count(`before${level}`);
    const before = { [`before${level}`]: { payload: input, ...success(wrapIn(kind, input)) } };
    const { outcome, own, inner, prefixes } = this.place(level, kind, input, entered);
    const goesOn = outcome.status === 'success' && !outcome.bailed;
    const isBlock = kind === 'arm' || kind === 'branch';
    const output = isBlock && goesOn ? { [id]: outcome.value, [`side${level}`]: 'side' } : outcome.value;
    const value =
      kind === 'each' || kind === 'window' ? (output as unknown[] | undefined)?.[1] : outcome.value;
    const after = goesOn ? { [`after${level}`]: { payload: output, ...success(value) } } : {};
    if (goesOn) this.count(`after${level}`);
    const steps: Steps = { ...before, ...own, ...after };
    const { status, acted } = outcome;
    return {
      status,
      acted,
      value: goesOn ? value : outcome.value,
      steps,
      flat: this.flat(level, steps, inner, prefixes),
      stepExecutionPath: [
        `before${level}`,
        ...(kind === 'plain' ? [id] : []),
        ...(goesOn ? [`after${level}`] : []),
      ],
    };
  }
}

/** How a run is entered that has traveled in time. */
export interface Entry {
  /** In how many workflows, from the outermost inwards, it begins at the place. @default 0 */
  readonly entered?: number;
  /** Foreachs that it is entered at had not succeeded: what they had come to they keep. @default false */
  readonly keeps?: boolean;
}

/**
 * What a run of `container` comes to when the probe comes to this. Of a run that has traveled in time `ran` counts what is
 * executed again.
 */
export function expected(
  { levels }: Container,
  act: Act,
  { entered = 0, keeps = false }: Entry = {},
): Expected {
  const model = new Model(levels, act, keeps);
  const run = model.workflow(0, 'probe', entered);
  return { ...run, ...(act.canceled === true ? { status: 'canceled' } : {}), ran: model.ran };
}
