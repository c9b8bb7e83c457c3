import type { RunHandle } from '../../client/index.ts';
import { isWorkflowApiError } from '../../client/index.ts';
import type { Graph } from '../../core/graph.ts';
import type { Context } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { displayWidth } from '../text.ts';
import { isOver, type RunDocument } from './document.ts';
import { RunFacts } from './facts.ts';
import { runNodes } from './nodes.ts';
import { changedRows, renderRow, rowsOf, type TreeRow } from './render.ts';
import { headLines, tailLines } from './show.ts';

/** Looks at a run, once or until it is over. */

/** What is known of a run. */
export interface RunLook {
  readonly run: RunDocument;
  readonly graph: Graph;
  readonly facts: RunFacts | undefined;
  /** JSON Schemas of what steps are resumed with, by workflow and step. */
  readonly resumeSchema: (workflowId: string, stepId: string) => unknown;
}

/** Reads a run again and again; what has been read of its history is not read again. */
export class RunReader {
  readonly #context: Context;
  readonly #handle: RunHandle;
  readonly #schemas = new Map<string, Readonly<Record<string, unknown>>>();
  #graph: Graph | undefined;
  #facts: RunFacts | undefined;
  #cursor: string | undefined;
  #hasHistory = true;

  constructor(context: Context, handle: RunHandle) {
    this.#context = context;
    this.#handle = handle;
  }

  async look(): Promise<RunLook> {
    const { signal } = this.#context.console;
    // The history first: what it tells of a step is then never newer than what the run tells of it.
    const run = (await this.#handle.get({ signal })) as unknown as RunDocument;
    const graph = await this.#graphOf(run);
    await this.#readHistory(run.runId, graph);
    const facts = this.#hasHistory ? this.#facts : undefined;
    await this.#readSchemas(run, graph);
    const resumeSchema = (workflowId: string, stepId: string): unknown =>
      this.#schemas.get(workflowId)?.[stepId];
    return { run, graph, facts, resumeSchema };
  }

  /** The graph of the run's workflow; of a parked run, whose workflow has another one by now or is gone, what it went through. */
  async #graphOf(run: RunDocument): Promise<Graph> {
    if (run.parked !== undefined && run.parked.runId === undefined) return passedSteps(run);
    if (this.#graph !== undefined) return this.#graph;
    const { workflowName: workflowId } = run;
    const { signal } = this.#context.console;
    try {
      const { graph, resumeSchemas } = await this.#context.client.describe(workflowId, { signal });
      this.#schemas.set(workflowId, resumeSchemas);
      this.#graph = graph;
      return graph;
    } catch (error) {
      if (!isWorkflowApiError(error, 'WORKFLOW_NOT_FOUND')) throw error;
      return passedSteps(run);
    }
  }

  async #readHistory(runId: string, graph: Graph): Promise<void> {
    const { signal } = this.#context.console;
    this.#facts ??= new RunFacts(runId, graph);
    while (this.#hasHistory) {
      try {
        const cursor = this.#cursor === undefined ? {} : { cursor: this.#cursor };
        const page = await this.#handle.history({ ...cursor, signal });
        this.#facts.note(page.entries);
        this.#cursor = page.cursor;
        if (page.isLast) return;
      } catch (error) {
        // A run without one or without a workflow that can read it, and a server that is older than this program.
        const absent = ['WORKFLOW_HISTORY_ABSENT', 'WORKFLOW_NOT_FOUND', 'HTTP_ROUTE_NOT_FOUND'] as const;
        if (!isWorkflowApiError(error, ...absent)) throw error;
        this.#hasHistory = false;
      }
    }
  }

  async #readSchemas(run: RunDocument, graph: Graph): Promise<void> {
    const waiting = nestedIds(graph).filter((id) => !this.#schemas.has(id));
    if (run.status !== 'suspended') return;
    for (const workflowId of waiting) {
      const { signal } = this.#context.console;
      const { resumeSchemas } = await this.#context.client.describe(workflowId, { signal });
      this.#schemas.set(workflowId, resumeSchemas);
    }
  }
}

/** The steps of a run one after the other, without those of nested runs. */
function passedSteps({ steps }: RunDocument): Graph {
  const ids = Object.keys(steps).filter((id) => !id.includes('.'));
  return ids.map((id) => ({ type: 'step', id, canSuspend: false }));
}

/** Ids of the workflows nested in a graph, at any depth. */
function nestedIds(graph: Graph): string[] {
  const steps = graph.flatMap((entry) => {
    if ('arms' in entry) return entry.arms;
    if ('step' in entry) return [entry.step];
    return entry.type === 'step' ? [entry] : [];
  });
  const found = steps.flatMap(({ nested }) =>
    nested === undefined ? [] : [nested.workflowId, ...nestedIds(nested.graph)],
  );
  return [...new Set(found)];
}

function exitOf(status: string): number {
  return status === 'success' || !isOver(status) ? exitCodes.ok : exitCodes.failed;
}

/** Draws a run again whenever something has happened to it, until it is over. Resolves with the exit code for its end. */
export async function watchRun(context: Context, handle: RunHandle): Promise<number> {
  const reader = new RunReader(context, handle);
  const { stdout, signal } = context.console;
  const screen = stdout.isTTY === true && !context.json ? new Screen(context) : new Log(context);
  // While nothing is told, the durations of what runs go on.
  const longest = screen instanceof Screen ? 1 : 25;
  let cursor: string | undefined;
  for (;;) {
    const look = await reader.look();
    if (isOver(look.run.status)) {
      screen.end(look);
      return exitOf(look.run.status);
    }
    screen.show(look);
    const page = await handle.eventPage({
      ...(cursor === undefined ? {} : { cursor }),
      wait: longest,
      signal,
    });
    cursor = page.cursor;
  }
}

function rowsIn({ run, graph, facts }: RunLook, now: number): TreeRow[] {
  return rowsOf(runNodes({ run, graph, facts, now }));
}

/** A terminal: the run is drawn over what was drawn of it before. */
class Screen {
  readonly #context: Context;
  #drawn = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  show(look: RunLook): void {
    const { paint, console } = this.#context;
    const width = this.#width();
    const now = console.now();
    const nodes = runNodes({ ...look, now });
    const rows = rowsOf(nodes).map((row) => renderRow(row, width, paint));
    const head = headLines(this.#context, look.run, now);
    const tail = look.run.status === 'suspended' ? tailLines(this.#context, look, nodes) : [];
    // A command to copy is never shortened, so it can take several lines of the screen.
    const wrapped = this.#taken(tail) - tail.length;
    this.#draw(fitted(head, rows, tail, (console.stdout.rows ?? 24) - 1 - wrapped));
  }

  end(look: RunLook): void {
    const { paint, console, print } = this.#context;
    const nodes = runNodes({ ...look, now: console.now() });
    this.#draw([]);
    print(
      ...headLines(this.#context, look.run, console.now()),
      ...rowsOf(nodes).map((row) => renderRow(row, this.#width(), paint)),
      ...tailLines(this.#context, look, nodes),
    );
  }

  /** One column less than there are: a full line could wrap on some terminals. */
  #width(): number {
    return this.#context.width - 1;
  }

  /** Lines of the screen that these take. */
  #taken(lines: readonly string[]): number {
    const columns = this.#context.console.stdout.columns ?? this.#context.width;
    return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
  }

  #draw(lines: readonly string[]): void {
    const { stdout } = this.#context.console;
    const back = this.#drawn > 0 ? `\u001B[${this.#drawn}A\u001B[J` : '';
    stdout.write(`${back}${lines.map((line) => `${line}\n`).join('')}`);
    this.#drawn = this.#taken(lines);
  }
}

/** As many lines as the screen has: of the tree the part around what is not settled, since what scrolled away cannot be drawn over. */
function fitted(head: string[], rows: string[], tail: string[], most: number): string[] {
  const room = most - head.length - tail.length;
  if (rows.length <= room) return [...head, ...rows, ...tail];
  if (room < 3) return [...head, ...rows, ...tail].slice(0, Math.max(1, most));
  const isOpen = (line: string): boolean => /[●↻◷‖]/.test(line);
  const last = rows.findLastIndex(isOpen);
  const end = Math.min(rows.length, Math.max(room - 1, last + 2));
  const start = Math.max(0, end - (room - 1));
  return [...head, ...rows.slice(start, end), `  ... ${rows.length - (room - 1)} lines more`, ...tail];
}

/** A file or a build log: a line for each change. */
class Log {
  readonly #context: Context;
  #before: readonly TreeRow[] = [];
  #status = '';

  constructor(context: Context) {
    this.#context = context;
  }

  show(look: RunLook): void {
    const { json, console, width } = this.#context;
    const { run } = look;
    const rows = rowsIn(look, console.now());
    if (json) {
      if (this.#status !== run.status) this.#context.printJson({ runId: run.runId, status: run.status }, 0);
      this.#status = run.status;
      return;
    }
    const lines = changedRows(this.#before, rows).map((row) => renderRow(row, width));
    if (this.#status === '') lines.unshift(...headLines(this.#context, run, console.now()));
    if (run.status === 'suspended' && this.#status !== 'suspended') {
      lines.push(...tailLines(this.#context, look, runNodes({ ...look, now: console.now() })));
    }
    this.#context.print(...lines);
    this.#before = rows;
    this.#status = run.status;
  }

  end(look: RunLook): void {
    if (this.#context.json) {
      this.#context.printJson(look.run, 0);
      return;
    }
    this.show(look);
    this.#context.print(
      ...tailLines(this.#context, look, runNodes({ ...look, now: this.#context.console.now() })),
    );
  }
}
