import type { Context } from '../command.ts';
import { fieldsText } from '../form/schema.ts';
import { runCommand, statusStyle, timeText, valueLines } from '../output.ts';
import { compact, duration, printable, shortened, shortenedInMiddle, wrapped } from '../text.ts';
import { isOver, type RunDocument } from './document.ts';
import { allNodes, type RunNode, type WaitingPlace } from './nodes.ts';
import { messageOf } from './render.ts';

/** What stands above and below the tree of a run. */

/** The run, its status and its times. */
export function headLines({ paint, width }: Context, run: RunDocument, now: number): string[] {
  const { runId, workflowName, resourceId, createdAt, updatedAt, deadlineAt, cost, parked, queued } = run;
  const standing = queued === undefined ? run.status : 'queued';
  const status = parked === undefined ? standing : `${standing}, parked`;
  const ended = isOver(run.status);
  const [from, to] = [Date.parse(createdAt ?? ''), ended ? Date.parse(updatedAt ?? '') : now];
  const lasted = Number.isNaN(to - from) ? '' : `  ${ended ? 'after' : 'for'} ${duration(to - from)}`;
  const workflow = shortenedInMiddle(printable(workflowName), 24);
  const room = Math.max(12, width - workflow.length - status.length - lasted.length - 4);
  const id = shortenedInMiddle(printable(runId), room);
  const about = [
    ...(createdAt === undefined ? [] : [`created ${timeText(createdAt)}`]),
    ...(queued?.ahead === undefined ? [] : [`${queued.ahead} ahead`]),
    ...(deadlineAt === undefined || ended ? [] : [`fails at ${timeText(deadlineAt)}`]),
    ...(resourceId === undefined ? [] : [`resource ${printable(resourceId)}`]),
    ...(cost === undefined ? [] : [`cost $${(cost.dollars * 1e6).toFixed(2)} a million`]),
  ].join('  ');
  return [
    `${paint('bold', id)}  ${workflow}  ${paint(statusStyle(parked === undefined ? run.status : 'parked'), status)}${lasted}`,
    ...(about === '' ? [] : [paint('gray', shortened(about, width))]),
    '',
  ];
}

/** What the tail is made of. */
export interface TailSource {
  readonly run: RunDocument;
  readonly resumeSchema: (workflowId: string, stepId: string) => unknown;
}

/** Whom the run waits for, what went wrong, or what it came to. */
export function tailLines(
  context: Context,
  { run, resumeSchema }: TailSource,
  nodes: readonly RunNode[],
): string[] {
  const all = [...allNodes(nodes)];
  const waiting =
    run.status === 'suspended' && run.parked === undefined ? all.flatMap(({ waits }) => waits ?? []) : [];
  const failed = all.filter((node) => node.error !== undefined);
  return [
    ...waiting.flatMap((place) => waitingLines(context, run, place, resumeSchema)),
    ...failed.flatMap(({ path, error }) =>
      errorLines(context, `Error in ${path.map(printable).join(' > ')}`, error),
    ),
    ...(failed.length === 0 && run.error !== undefined ? errorLines(context, 'Error', run.error) : []),
    ...(run.tripwire === undefined
      ? []
      : [
          '',
          context.paint('red', 'Stopped by an agent'),
          ...wrapped(printable(run.tripwire.reason ?? ''), context.width, '  '),
        ]),
    ...(run.status === 'success' && run.result !== undefined
      ? ['', ...valueLines(context, 'Result', run.result)]
      : []),
    ...(run.parked === undefined ? [] : parkedLines(context, run.parked)),
    ...(run.status === 'paused' ? pausedLines(context, run.runId) : []),
  ];
}

/** Why nothing of the run goes on. */
function parkedLines(
  { paint, width }: Context,
  { since, remedy, runId }: NonNullable<RunDocument['parked']>,
): string[] {
  const which = runId === undefined ? '' : `, in ${printable(runId)}`;
  const from = timeText(new Date(since).toISOString());
  return ['', paint('red', `Parked since ${from}${which}`), ...wrapped(printable(remedy), width, '  ')];
}

function waitingLines(
  context: Context,
  { runId, resumeLabels }: RunDocument,
  { step, index, payload, since, workflowId, stepId }: WaitingPlace,
  resumeSchema: TailSource['resumeSchema'],
): string[] {
  const { paint, width } = context;
  const item = index === undefined ? '' : ` of item ${index}`;
  const schema = resumeSchema(workflowId, stepId);
  const labels = Object.entries(resumeLabels ?? {}).flatMap(([label, at]) =>
    at.stepId === step && (at.foreachIndex === undefined || at.foreachIndex === index)
      ? [printable(label)]
      : [],
  );
  const options = optionWords('step', step);
  if (index !== undefined) options.push('--index', String(index));
  return [
    '',
    paint(
      'magenta',
      shortened(
        `${printable(step)}${item} waits${since === undefined ? '' : ` since ${timeText(since)}`}`,
        width,
      ),
    ),
    ...(payload === undefined ? [] : [shortened(`  for   ${compact(payload)}`, width)]),
    ...(schema === undefined ? [] : takenLines(fieldsText(schema), width)),
    ...(labels.length === 0 ? [] : [shortened(`  label ${labels.join(', ')}`, width)]),
    // Never shortened: it is there to be copied.
    `  ${context.commandLine(...runCommand('resume', runId, ...options))}`,
  ];
}

function takenLines(fields: string, width: number): string[] {
  const lines = wrapped(fields, width - 8);
  return lines.map((line, index) => shortened(`  ${index === 0 ? 'takes ' : '      '}${line}`, width));
}

/** An option with its value: one that begins with a dash has to stand behind "=". */
function optionWords(name: string, value: string): string[] {
  return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value];
}

function pausedLines(context: Context, runId: string): string[] {
  return ['', `  ${context.commandLine(...runCommand('time-travel', runId))} <step>`];
}

/** Deepest chain of causes that is printed. */
const mostCauses = 5;

function errorLines({ paint, width }: Context, heading: string, error: unknown): string[] {
  const lines: string[] = [];
  let cause: unknown = error;
  for (let depth = 0; depth < mostCauses && cause !== undefined && cause !== null; depth += 1) {
    const text = `${depth === 0 ? '' : 'caused by '}${nameOf(cause)}${messageOf(cause)}`;
    lines.push(...wrapped(text, width, '  ').map((line) => shortened(line, width)));
    cause = typeof cause === 'object' && 'cause' in cause ? cause.cause : undefined;
  }
  return ['', paint('red', shortened(heading, width)), ...lines];
}

function nameOf(error: unknown): string {
  const name = typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : 'Error';
  return name === 'Error' ? '' : `${printable(name)}: `;
}
