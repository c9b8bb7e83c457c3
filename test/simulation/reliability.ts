import { readFileSync, writeFileSync } from 'node:fs';
import { faultKinds } from '../../src/testing/simulator/faults.ts';
import { notCompared } from '../../src/testing/simulator/judge.ts';
import { openReasons } from '../../src/testing/interpreter/index.ts';
import { brokenEngines } from './broken/engines.ts';
import { guards } from './expected.ts';
import type { Tally } from './tally.ts';

/** What a simulation wrote with `--json`. */
export interface SimulationFigures {
  readonly commit: string;
  readonly first: number;
  readonly seeds: number;
  readonly failed: number;
  readonly tally: Tally;
  readonly systematic: { readonly graphs: number; readonly plays: number; readonly struck: number };
  readonly broken: Readonly<Record<string, number | null>>;
}

const document = new URL('../../docs/reliability.md', import.meta.url);

/** Promises, and what proves each. */
const promises: readonly (readonly [promise: string, proof: string])[] = [
  [
    'A transition has exactly one winner.',
    'Every write is watched: a turn that has a result keeps it, a claim is never taken from a live lease, no token is twice in a log (`src/testing/simulator/watch.ts`).',
  ],
  [
    'A run that is over stays as it is.',
    'Every write of a header is watched. A canceled run that was answered as such is canceled at the end.',
  ],
  [
    'A body runs at least once, and exactly once when nothing fails.',
    'Executions are counted and compared with the interpreter; without a fault they are equal, and never more than takeovers allow.',
  ],
  [
    'A run comes to what the same workflow comes to in one process.',
    'Result, error, entries and state are compared with the interpreter on every seed; the property tests do so in memory, on SQLite, and on SQLite with a new runtime for every call.',
  ],
  [
    'A step starts only after what is before it.',
    'Each claim, nested run, sleep and block is checked against the entry before it.',
  ],
  ['No event says what is not stored.', 'Each event is checked when it is published.'],
  [
    'An accepted start, resume or cancel survives a crash.',
    'Callers repeat what was not answered, of two starts with different inputs one is accepted and the run is of that one, and each run ends or waits for a person. The kill tests do so with real processes and a real disk.',
  ],
  [
    'The sweeper is needed only when something was lost.',
    'One seed in five has no sweeper, and only faults that lose nothing.',
  ],
  [
    'A run goes on with no code that lacks what it has done.',
    'One seed in six meets another version of its workflows in a rolling deploy, which may come back: each run ends as one of the two says, and none waits for code that neither is.',
  ],
  [
    'No more runs of a key go on than the limit of their workflow says, and each gets its turn.',
    'One seed in twenty has up to four runs under one key: places, their order, and what is begun of each run are watched; at the end all are over, and none waits.',
  ],
  [
    'Nothing runs away, and nothing is left over.',
    'What is published again is bounded by what went wrong, and so is how often a run is swept before something changes; at the end no event, no nested run and no time of a sweep is left. Events that come after a run has expired do nothing.',
  ],
];

const number = (value: number): string => value.toLocaleString('en-US');

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A bar of text, longer for more. */
function bar(value: number, most: number): string {
  return '█'.repeat(Math.max(1, Math.round((24 * value) / most)));
}

function chart(counts: Readonly<Record<string, number>>, names: readonly string[]): string {
  const values = names.map((name): [string, number] => [name, counts[name] ?? 0]);
  const most = Math.max(...values.map(([, value]) => Math.log10(1 + value)), 1);
  const rows = values.map(
    ([name, value]) => `${name.padEnd(28)} ${number(value).padStart(10)} ${bar(Math.log10(1 + value), most)}`,
  );
  return ['```', ...rows, '```'].join('\n');
}

/** The document that a simulation's figures make. */
function reliabilityDocument(figures: SimulationFigures): string {
  const { tally, seeds, systematic, broken } = figures;
  const faults = Object.keys(faultKinds) as (keyof typeof faultKinds)[];
  const ports = Object.keys(tally.switches).toSorted(
    (a, b) => (tally.switches[b] ?? 0) - (tally.switches[a] ?? 0),
  );
  return [
    '# Reliability',
    '',
    '<!-- Made by `npm run simulate -- --json FILE --document`: change test/simulation/reliability.ts instead. -->',
    '',
    'What the engine promises, and what shows that it keeps it. The simulation plays runs of random workflows on up to six processes under a seeded scheduler that can switch at every call of a port, with faults, in virtual time, and compares each with an interpreter that shares no code with the engine. Users simulate their own workflows with `simulate` of `evented-workflows/testing`.',
    '',
    '## Promises and their proofs',
    '',
    table(['promise', 'proof'], promises),
    '',
    '## The run that this page is made from',
    '',
    `${number(seeds)} seeds from ${figures.first} on, ${number(figures.failed)} failed; ${number(Math.round(tally.portCalls / seeds))} port calls a seed. ${number(systematic.plays)} plays of ${systematic.graphs} graphs with one call failed in one way, ${number(systematic.struck)} of which could fail so. After faults had stopped, at most ${tally.mostSweepsInVain} sweeps in a row of a run that waits for no time changed nothing.`,
    '',
    table(
      ['run ended', 'seeds'],
      Object.entries(tally.statuses).map(([status, times]) => [status, number(times)]),
    ),
    '',
    '### Faults (bars are logarithmic)',
    '',
    chart(tally.faults, faults),
    '',
    table(
      ['fault', 'what it does'],
      faults.map((kind) => [kind, faultKinds[kind]]),
    ),
    '',
    '### Guards that held',
    '',
    'Each is a condition of a write that refused it, or a check that dropped an event or waited.',
    '',
    chart(tally.guards, guards),
    '',
    '### Switch points',
    '',
    chart(tally.switches, ports),
    '',
    '## Broken engines',
    '',
    'Each is the engine with one rule taken out. The simulation has to find every one of them within its seeds.',
    '',
    table(
      ['engine', 'what is wrong with it', 'within', 'found after'],
      brokenEngines.map(({ name, what, seeds: within }) => [
        name,
        what,
        number(within),
        broken[name] ?? 'not found',
      ]),
    ),
    '',
    '## What is not compared',
    '',
    ...Object.entries(notCompared).map(([what, why]) => `- **${what}**: ${why}`),
    '',
    'What the semantics leave open, because it depends on which of several things is first:',
    '',
    ...Object.entries(openReasons).map(([what, why]) => `- **${what}**: ${why}`),
    '',
  ].join('\n');
}

/** Writes the document. */
export function writeDocument(figures: SimulationFigures): void {
  writeFileSync(document, reliabilityDocument(figures));
}

/** A document without its figures: what has to be the same whichever seeds it was made from. */
function structureOf(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/[\d,]+|█+|not found/gu, '#').replace(/ +/gu, ' '))
    .toSorted()
    .join('\n');
}

/** Whether the document that is there has the structure of one that `figures` would make. */
export function isCurrent(figures: SimulationFigures): boolean {
  return structureOf(readFileSync(document, 'utf8')) === structureOf(reliabilityDocument(figures));
}
