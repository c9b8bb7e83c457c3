import type { StepContext } from '../../src/core/definition.ts';
import type { StepResult } from '../../src/core/snapshot.ts';

type Body = (context: StepContext) => unknown;

/** What the bodies of one run do, and how often they ran. */
export class Script {
  /** Also the `resourceId` of the run, which nested runs share: by it a body finds its script. */
  readonly id: string;
  /** How often each body ran. The probe counts as `probe` when it acts, as `pass` when it only hands on. */
  readonly ran: Record<string, number> = {};
  probe: Body;
  /** Every body does this first. */
  readonly every: Body;

  constructor(id: string, probe: Body, every: Body = () => undefined) {
    this.id = id;
    this.probe = probe;
    this.every = every;
    scripts.set(id, this);
  }

  count(id: string): void {
    this.ran[id] = (this.ran[id] ?? 0) + 1;
  }

  /** Counts anew. */
  forget(): void {
    for (const id of Object.keys(this.ran)) delete this.ran[id];
  }
}

const scripts = new Map<string, Script>();

/** The script of the run that a body belongs to. */
export function scriptOf({ resourceId = '' }: StepContext): Script {
  const script = scripts.get(resourceId);
  if (script === undefined) throw new Error(`no script is called "${resourceId}"`);
  return script;
}

const times = ['startedAt', 'endedAt', 'suspendedAt', 'resumedAt'] as const;

/** A time that is there: what it is, no test knows. */
export const time = 'a time';

function withoutTimes(entry: StepResult): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...entry };
  for (const name of times) if (typeof shown[name] === 'number') shown[name] = time;
  if (shown['error'] instanceof Error) shown['error'] = String(shown['error']);
  return shown;
}

/** `steps` as it can be compared: times that are there, errors as text, the raw `input` as it is. */
export function comparable(steps: Readonly<Record<string, StepResult>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(steps).map(([id, entry]) => [id, id === 'input' ? entry : withoutTimes(entry)]),
  );
}
