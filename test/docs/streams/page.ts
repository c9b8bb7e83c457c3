import { streamCases } from '../../parity/stream-lists/all.ts';
import { type Construct, constructs, type StreamCase } from '../../parity/stream-lists/case.ts';
import type { EventList, ListedEvent } from '../../parity/stream-lists/events.ts';
import { lines } from '../../parity/stream-events.ts';

/** docs/stream-events.md, made of the lists that the tests compare whole streams with. */

const head = `<!-- Written by \`npm run docs:streams\`. -->

# Events of each construct

What \`run.stream()\` and its like tell, construct by construct: see [streams](guide/streams.md) for how to read them. This
page is made of the lists that the tests compare whole streams with, payloads included, in every place that a workflow runs
in; on the adapters for AWS, those of several calls and those in which something goes on side by side.
`;

const types = [
  'workflow-start',
  'workflow-step-start',
  'workflow-step-waiting',
  'workflow-step-progress',
  'workflow-step-output',
  'workflow-step-suspended',
  'workflow-step-result',
  'workflow-paused',
  'workflow-canceled',
  'workflow-finish',
] as const;

function flat(list: EventList): ListedEvent[] {
  return list.flatMap((one) => ('sideBySide' in one ? one.sideBySide.flatMap(flat) : [one]));
}

function eventsOf(cases: readonly StreamCase[]): ListedEvent[] {
  return cases.flatMap(({ calls }) => calls.flatMap(({ list }) => flat(list)));
}

function isCustom({ type }: ListedEvent): boolean {
  return !type.startsWith('workflow-');
}

/** Fields of the payloads of these events: those that only some of them have in brackets. */
function fieldsOf(events: readonly ListedEvent[]): string {
  const payloads = events.map(({ payload }) => Object.keys(payload ?? {}));
  const names = [...new Set(payloads.flat())];
  const isIn = (name: string): boolean => payloads.every((payload) => payload.includes(name));
  const always = names.filter(isIn).map((name) => `\`${name}\``);
  const sometimes = names.filter((name) => !isIn(name)).map((name) => `\`${name}\``);
  const some = sometimes.length === 0 ? [] : [`sometimes ${sometimes.join(', ')}`];
  return [...always, ...some].join(', ');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The step that is the construct, where the steps around it tell of other things. */
const own: Partial<Record<Construct, string>> = { map: 'm', sleep: 'nap', sleepUntil: 'nap' };

/** Types of events about the steps of a construct. */
function typesOf(construct: Construct): ReadonlySet<string> {
  const events = eventsOf(streamCases.filter((one) => one.construct === construct));
  const about = events.filter(({ payload }) => {
    const { id } = (payload ?? {}) as { readonly id?: unknown };
    return own[construct] === undefined || id === own[construct];
  });
  return new Set(about.map((event) => (isCustom(event) ? 'custom' : shortType(event.type))));
}

function shortType(type: string): string {
  return type.replace('workflow-', '');
}

/** A table of what is told of the steps of each construct. */
function matrix(): string {
  const columns = [...types.map(shortType).filter((type) => type.startsWith('step-')), 'custom'];
  const rows = constructs.map((construct) => {
    const seen = typesOf(construct);
    return row([construct, ...columns.map((column) => (seen.has(column) ? 'x' : ''))]);
  });
  return [row(['', ...columns]), row(['---', ...columns.map(() => '---')]), ...rows].join('\n');
}

/** A table of the fields of each type. */
function fieldsOfTypes(): string {
  const all = eventsOf(streamCases);
  const rows = types.map((type) =>
    row([`\`${type}\``, fieldsOf(all.filter((event) => event.type === type)) || 'none']),
  );
  return ['| type | fields of its payload |', '|---|---|', ...rows].join('\n');
}

/** A stream in short: what goes on side by side as lists of their own. */
function short(list: EventList, indent = ''): string[] {
  return list.flatMap((one) =>
    'sideBySide' in one
      ? one.sideBySide.flatMap((member) => [`${indent}side by side:`, ...short(member, `${indent}  `)])
      : lines([one]).map((line) => `${indent}${line}${statusOf(one)}`),
  );
}

/** How something ended or came to rest, where its name does not say it. */
function statusOf({ type, payload }: ListedEvent): string {
  const { status, workflowStatus, iterationStatus } =
    (payload as Readonly<Record<string, unknown>> | undefined) ?? {};
  if (type === 'workflow-finish') return ` ${String(workflowStatus)}`;
  if (type === 'workflow-step-progress') return ` ${String(iterationStatus)}`;
  return type === 'workflow-step-result' ? ` ${String(status)}` : '';
}

function section(construct: string): string {
  const cases = streamCases.filter((one) => one.construct === construct);
  const parts = cases.map(({ what, calls }) => {
    const streams = calls.flatMap(({ text, list }) => [text, ...short(list, '  ')]);
    return `**It ${what}.**\n\n\`\`\`text\n${streams.join('\n')}\n\`\`\`\n`;
  });
  return `## ${construct}\n\n${parts.join('\n')}`;
}

/** The page. */
export function streamsPage(): string {
  return [
    head,
    `Every stream has one \`workflow-start\` and, when it closes, one \`workflow-finish\`, before which \`workflow-paused\` or\n\`workflow-canceled\` may come. An \`x\`: there are such events of the construct, with the steps in it, in a stream below.\n\n${matrix()}\n`,
    `## Payloads\n\n${fieldsOfTypes()}\n`,
    'Below, each call is followed by its events: the type without `workflow-`, the step, and the status. What goes on side by\nside comes in its own order each; the order between them is free.\n',
    ...constructs.map(section),
  ].join('\n');
}
