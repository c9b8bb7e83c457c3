import type { Results, Setting } from './measure.ts';
import { durableFunctions, perMillion, perUnit, stepFunctions } from './price.ts';
import { type Workload, workloads } from './workloads.ts';

/** What was measured, as tables: the same for the terminal and for the document. */

/** The first row names the columns. */
export type Table = readonly (readonly string[])[];

export interface Section {
  readonly title: string;
  readonly table: Table;
}

const money = (dollars: number): string => `$${dollars.toFixed(2)}`;
const amount = (value: number): string => String(Math.round(value * 100) / 100);

/** The results of a setting. */
export function resultsOf(all: readonly Results[], wanted: Setting): Results {
  const found = all.find(
    ({ setting }) => setting.stepEnds === wanted.stepEnds && setting.history === wanted.history,
  );
  if (found === undefined) throw new Error(`Nothing was measured for ${JSON.stringify(wanted)}`);
  return found;
}

/** The row of a run's start and end, and a row for each unit. */
function rowsOf<T>(results: Results, row: (name: string, measured: Results['ends']) => T): T[] {
  return [
    row('start and end of a run', results.ends),
    ...workloads().map((workload, at) => row(nameOf(workload), unitOf(results, workload, at))),
  ];
}

function unitOf(results: Results, workload: Workload, at: number): Results['ends'] {
  const run = results.runs[at];
  if (run === undefined) throw new Error(`${workload.name} was not measured`);
  return perUnit(results, workload, run);
}

function nameOf({ name, unit }: Workload): string {
  return name.includes(unit) || unit === 'suspension' ? name : `${unit} of ${name}`;
}

const plain: Setting = { stepEnds: true, history: 'none' };
const quiet: Setting = { stepEnds: false, history: 'none' };

/** What a unit uses at batch 1. */
function usageSection(all: readonly Results[], setting: Setting, title: string): Section {
  const rows = rowsOf(resultsOf(all, setting), (name, measured) => {
    const { entries, requests, invocations, writeUnits, readUnits, bytes, objectWrites, objectReads } =
      measured.usage;
    return [
      name,
      ...[entries, requests, invocations, writeUnits, readUnits, objectWrites + objectReads].map(amount),
      String(Math.round(bytes)),
      money(perMillion(measured, 1)),
    ];
  });
  const head = [
    '',
    'entries',
    'SQS requests',
    'invocations',
    'WRU',
    'RRU',
    'S3 calls',
    'bytes',
    '$ per million',
  ];
  return { title, table: [head, ...rows] };
}

/** Dollars per million units in every setting. */
function settingsSection(all: readonly Results[]): Section {
  const columns: readonly (readonly [string, Setting, number])[] = [
    ['batch 1', plain, 1],
    ['batch 1, no step ends', quiet, 1],
    ['batch 10', plain, 10],
    ['batch 10, no step ends', quiet, 10],
    ['history, batch 1', { ...plain, history: 'full' }, 1],
    ['history, batch 10, no step ends', { ...quiet, history: 'full' }, 10],
  ];
  const priced = columns.map(([, setting, batch]) =>
    rowsOf(resultsOf(all, setting), (_, measured) => money(perMillion(measured, batch))),
  );
  const names = rowsOf(resultsOf(all, plain), (name) => name);
  const rows = names.map((name, at) => [name, ...priced.map((column) => column[at] ?? '')]);
  return {
    title: 'Dollars per million, by setting',
    table: [['', ...columns.map(([name]) => name)], ...rows],
  };
}

/** What a whole run costs here and elsewhere, in dollars per million runs. */
export interface Comparison {
  readonly name: string;
  readonly most: number;
  readonly least: number;
  readonly stepFunctions: number;
  readonly durableFunctions: number;
  readonly elsewhere: Workload['elsewhere'];
}

export function comparisons(all: readonly Results[]): Comparison[] {
  const [most, least] = [resultsOf(all, plain), resultsOf(all, quiet)];
  return workloads().flatMap(({ name, elsewhere }, at) => {
    const [dear, cheap] = [most.runs[at], least.runs[at]];
    if (dear === undefined || cheap === undefined) return [];
    return {
      name,
      most: perMillion(dear, 1),
      least: perMillion(cheap, 10),
      stepFunctions: stepFunctions(elsewhere),
      durableFunctions: durableFunctions(elsewhere),
      elsewhere,
    };
  });
}

/** The same as a table. */
function comparisonSection(all: readonly Results[]): Section {
  const head = [
    'whole run',
    'batch 1, step ends',
    'batch 10, no step ends',
    'Step Functions Standard',
    'its transitions',
    'Lambda durable functions',
    'its operations',
  ];
  const rows = comparisons(all).map(
    ({ name, most, least, stepFunctions: states, durableFunctions: durable, elsewhere }) => [
      name,
      money(most),
      money(least),
      money(states),
      String(elsewhere.transitions),
      money(durable),
      String(elsewhere.operations),
    ],
  );
  return { title: 'Dollars per million runs, beside others', table: [head, ...rows] };
}

/** How much of what a run has used it shows itself. */
function shownSection(all: readonly Results[]): Section {
  const { runs } = resultsOf(all, plain);
  const rows = workloads().flatMap(({ name }, at) => {
    const run = runs[at];
    if (run === undefined) return [];
    const total = perMillion(run, 1);
    const shown = run.shown * 1e6;
    return [[name, money(total), money(shown), `${((100 * shown) / total).toFixed(1)} %`]];
  });
  return { title: 'What runs show of it', table: [['whole run', 'used', 'shown', ''], ...rows] };
}

/** All tables, in their order. */
export function sections(all: readonly Results[]): Section[] {
  return [
    usageSection(all, plain, 'What a unit uses, at batch 1 with step ends'),
    usageSection(all, { ...plain, history: 'full' }, 'The same with history'),
    settingsSection(all),
    comparisonSection(all),
    shownSection(all),
  ];
}

/** A table for a terminal. */
export function textOf({ title, table }: Section): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** Bars of what a run costs, for a terminal: each workload on a scale of its own. */
export function barsOf(all: readonly Results[]): string {
  const lines = comparisons(all).flatMap(
    ({ name, most, least, stepFunctions: states, durableFunctions: durable }) => {
      const values = {
        'batch 1, step ends': most,
        'batch 10, no step ends': least,
        'Step Functions': states,
        'durable functions': durable,
      };
      const longest = Math.max(...Object.values(values));
      const bars = Object.entries(values).map(
        ([label, value]) =>
          `    ${label.padEnd(23)} ${'█'.repeat(Math.max(1, Math.round((40 * value) / longest)))} ${money(value)}`,
      );
      return [`  ${name}`, ...bars];
    },
  );
  return ['Dollars per million runs', ...lines].join('\n');
}
