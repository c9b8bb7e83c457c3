import type { ListedRun, ScheduleDescription } from '../../client/index.ts';
import type { RunStatus } from '../../core/records.ts';
import { oneOf, wholeNumber } from '../arguments.ts';
import type { Command, Context } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { mermaid } from '../graph/mermaid.ts';
import { svg } from '../graph/svg.ts';
import { graphTree } from '../graph/tree.ts';
import { statusStyle, timeText } from '../output.ts';
import { runNodes } from '../run/nodes.ts';
import { renderRow, rowsOf } from '../run/render.ts';
import { headLines, tailLines } from '../run/show.ts';
import { RunReader, watchRun } from '../run/watch.ts';
import { displayWidth, duration, padded, printable, shortened, shortenedInMiddle } from '../text.ts';
import { checkExclusive } from './shared.ts';

// A record, so that the compiler misses a status that is added.
const byStatus: Readonly<Record<RunStatus, true>> = {
  pending: true,
  running: true,
  waiting: true,
  suspended: true,
  paused: true,
  success: true,
  failed: true,
  tripwire: true,
  canceled: true,
};
const statuses = Object.keys(byStatus) as RunStatus[];

/** `evented runs` */
export const runs: Command = {
  name: 'runs',
  summary: 'list runs, newest first',
  positionals: [],
  options: {
    workflow: { value: 'id', summary: 'only of this workflow' },
    status: { value: 'status', summary: `only with this status: ${statuses.join(', ')}` },
    resource: { value: 'id', summary: 'only of this grouping key' },
    parked: { summary: 'only those that wait for code which is not there' },
    from: { value: 'time', summary: 'created at or after: ISO 8601, a date, or ms since 1970' },
    to: { value: 'time', summary: 'created at or before' },
    limit: { value: 'n', summary: 'how many, 1 to 1,000 (20)' },
    cursor: { value: 'text', summary: 'the page after the one that gave this cursor' },
    all: { summary: 'all of them; with --json, one line for each' },
  },
  examples: [
    ['runs --status suspended', 'runs that wait for somebody'],
    ['runs --parked', 'what a deployment left behind'],
    ['runs --workflow orders --from 2030-01-31 --json', 'for scripts'],
  ],
  async run(context) {
    checkExclusive(context, 'all', 'cursor');
    checkExclusive(context, 'all', 'limit');
    const query = runsQuery(context);
    if (context.flag('all')) return await printAll(context, query);
    const page = await context.client.runs(query);
    if (context.json) {
      context.printJson(page);
      return exitCodes.ok;
    }
    if (page.runs.length === 0) context.print('No runs.');
    else context.print(runHeading(context), ...page.runs.map((run) => runLine(context, run)));
    if (page.cursor !== undefined) {
      context.print(context.paint('gray', `More: --cursor ${page.cursor}  (or --all)`));
    }
    return exitCodes.ok;
  },
};

/** Runs that are asked for in one request. */
const usualPage = 20;
const largestPage = 1_000;

function runsQuery(context: Context) {
  const { option, console } = context;
  const status = option('status');
  const names = {
    workflowId: 'workflow',
    resourceId: 'resource',
    createdFrom: 'from',
    createdTo: 'to',
    cursor: 'cursor',
  };
  const given = Object.entries(names).flatMap(([name, from]) => {
    const value = option(from);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(given),
    ...(context.flag('parked') ? { parked: true as const } : {}),
    ...(status === undefined ? {} : { status: oneOf('--status', status, statuses) }),
    limit: wholeNumber('--limit', option('limit') ?? String(usualPage), 1, largestPage),
    signal: console.signal,
  };
}

async function printAll(context: Context, query: ReturnType<typeof runsQuery>): Promise<number> {
  if (!context.json) context.print(runHeading(context));
  for await (const run of context.client.allRuns({ ...query, limit: largestPage })) {
    if (context.json) context.printJson(run, 0);
    else context.print(runLine(context, run));
  }
  return exitCodes.ok;
}

const statusWidth = 9;
const createdWidth = 20;
const tookWidth = 9;

/** Below this many columns, times are left out: an id that cannot be told from others is worse. */
const narrow = 72;

function runWidths({ width }: Context): { readonly id: number; readonly workflow: number } {
  const times = width < narrow ? 0 : createdWidth + tookWidth + 4;
  const room = width - statusWidth - times - 4;
  const workflow = Math.min(16, Math.floor(room / 3));
  return { id: Math.min(40, room - workflow), workflow };
}

function runHeading(context: Context): string {
  const { id, workflow } = runWidths(context);
  const cells = [padded('RUN', id), padded('WORKFLOW', workflow), padded('STATUS', statusWidth)];
  const times = context.width < narrow ? [] : [padded('CREATED', createdWidth), 'TOOK'];
  return context.paint('bold', [...cells, ...times].join('  ').trimEnd());
}

function runLine(context: Context, run: ListedRun): string {
  const widths = runWidths(context);
  const { runId, workflowId, createdAt, startedAt, endedAt, queued } = run;
  const standing = queued === true ? 'queued' : run.status;
  const status = run.parked === undefined ? standing : 'parked';
  const took = Date.parse(endedAt ?? '') - Date.parse(startedAt ?? createdAt);
  const times = context.width < narrow ? [] : [timeText(createdAt), Number.isNaN(took) ? '' : duration(took)];
  const cells = [
    padded(shortenedInMiddle(printable(runId), widths.id), widths.id),
    padded(shortenedInMiddle(printable(workflowId), widths.workflow), widths.workflow),
    context.paint(statusStyle(run.status), padded(status, statusWidth)),
    ...times,
  ];
  return cells.join('  ').trimEnd();
}

/** `evented workflows` */
export const workflows: Command = {
  name: 'workflows',
  summary: 'list the workflows',
  positionals: [],
  options: {},
  examples: [['workflows', 'the workflows of the server']],
  async run(context) {
    const found = await context.client.workflows({ signal: context.console.signal });
    if (context.json) {
      context.printJson({ workflows: found });
      return exitCodes.ok;
    }
    const widest = Math.max(8, ...found.map(({ id }) => displayWidth(printable(id))));
    const room = Math.min(32, widest);
    const lines = found.map(({ id, description }) =>
      shortened(
        `${padded(shortenedInMiddle(printable(id), room), room)}  ${printable(description ?? '')}`.trimEnd(),
        context.width,
      ),
    );
    context.print(...(lines.length === 0 ? ['No workflows.'] : lines));
    return exitCodes.ok;
  },
};

/** `evented show` */
export const show: Command = {
  name: 'show',
  summary: 'show a run as a tree of its steps',
  details: [
    'Each step with its status, how long it took, its attempts and iterations; of a step that is suspended, what it waits for and the command that resumes it.',
  ],
  positionals: [{ name: 'run' }],
  options: {
    watch: {
      short: 'w',
      summary: 'until the run is over: drawn again on a terminal, a line for each change elsewhere',
    },
  },
  examples: [
    ['show 3f2a', 'as it is now'],
    ['show 3f2a --watch', 'until it is over; the exit code is 1 when it failed'],
    ['show 3f2a --json', 'the stored run, with all its values'],
  ],
  async run(context) {
    const [runId = ''] = context.positionals;
    const handle = context.client.run(runId);
    if (context.flag('watch')) return await watchRun(context, handle);
    if (context.json) {
      context.printJson(await handle.get({ signal: context.console.signal }));
      return exitCodes.ok;
    }
    const now = context.console.now();
    const look = await new RunReader(context, handle).look();
    const nodes = runNodes({ ...look, now });
    context.print(
      ...headLines(context, look.run, now),
      ...rowsOf(nodes).map((row) => renderRow(row, context.width, context.paint)),
      ...tailLines(context, look, nodes),
    );
    return exitCodes.ok;
  },
};

/** When runs start by themselves: the expression, its time zone, and which schedule it is. */
function scheduleLine(context: Context, { id, cron, timezone }: ScheduleDescription): string {
  const name = id === undefined ? '' : `  (${printable(id)})`;
  return shortened(`starts at ${printable(cron)}  ${printable(timezone)}${name}`, context.width);
}

const formats = ['tree', 'mermaid', 'svg'] as const;

/** `evented graph` */
export const graph: Command = {
  name: 'graph',
  summary: 'draw the graph of a workflow',
  positionals: [{ name: 'workflow' }],
  options: { format: { short: 'f', value: formats.join('|'), summary: 'what it is drawn as (tree)' } },
  examples: [
    ['graph orders', 'as a text'],
    ['graph orders --format svg > orders.svg', 'as a picture'],
    ['graph orders --format mermaid', 'for a Markdown file'],
  ],
  async run(context) {
    const [workflowId = ''] = context.positionals;
    const format = oneOf('--format', context.option('format') ?? 'tree', formats);
    const found = await context.client.describe(workflowId, { signal: context.console.signal });
    if (context.json) {
      context.printJson(found);
      return exitCodes.ok;
    }
    const { id, description } = found;
    if (format === 'svg') context.console.stdout.write(svg(id, description, found.graph));
    else if (format === 'mermaid') context.console.stdout.write(mermaid(id, found.graph));
    else {
      context.print(
        context.paint('bold', printable(id)),
        ...(found.schedules ?? []).map((schedule) => scheduleLine(context, schedule)),
        ...graphTree(found.graph, context.width),
      );
    }
    return exitCodes.ok;
  },
};
