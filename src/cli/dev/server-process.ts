import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { type LocalServer, type LocalServerOptions, startLocalServer } from '../../local/index.ts';
import { CommandError } from '../exit.ts';
import { compact, printable } from '../text.ts';
import { loadFailure, noteImports } from './imports.ts';
import type { FromServer, ServedWorkflow, ToServer } from './messages.ts';

/**
 * The process that serves one version of the user's workflows: it loads the module given as its argument, says what is in
 * it, and takes and gives away the port when it is told to. Whoever started it watches the files, and starts the next one.
 */

const [path = ''] = process.argv.slice(2);

function tell(message: FromServer): void {
  process.send?.(message);
}

/** What the module gives the server. */
type Served = Pick<LocalServerOptions, 'workflows' | 'agents' | 'tools'>;

let served: Served | undefined;
let server: LocalServer | undefined;
/** One thing after the other: a port is given away after it was taken. */
let last: Promise<void> = Promise.resolve();

async function load(): Promise<void> {
  const imports = noteImports();
  try {
    const module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
    served = servedBy(module);
    tell({ type: 'files', files: [...new Set([path, ...imports.files])] });
    tell({ type: 'loaded', workflows: served.workflows.map(shown) });
  } catch (error) {
    tell({ type: 'files', files: [...new Set([path, ...imports.files])] });
    tell({ type: 'failed', failure: loadFailure(error, imports) });
  }
}

function shown({ id, description }: Workflows[number]): ServedWorkflow {
  return { id, ...(description === undefined ? {} : { description }) };
}

type Workflows = LocalServerOptions['workflows'];

function isWorkflow(value: unknown): value is Workflows[number] {
  return typeof value === 'object' && value !== null && 'flow' in value && 'graph' in value && 'id' in value;
}

/** `workflows`, else the default export, if it is a list; else each export that is a workflow. */
function servedBy(module: Readonly<Record<string, unknown>>): Served {
  const { agents, tools } = module as Pick<Served, 'agents' | 'tools'>;
  const lists = [module['workflows'], module['default']].filter((value) => Array.isArray(value));
  const [list = [...new Set(Object.values(module))].filter(isWorkflow)] = lists;
  const wrong = list.findIndex((value) => !isWorkflow(value));
  if (wrong !== -1) {
    throw new CommandError(
      'CLI_FILE',
      `Element ${wrong} of its list of workflows is no workflow: give what .commit() returns`,
    );
  }
  if (list.length === 0) {
    throw new CommandError(
      'CLI_FILE',
      'It exports no workflow: export one that ends in .commit(), or a list named workflows',
    );
  }
  return {
    workflows: list as Workflows,
    ...(agents === undefined ? {} : { agents }),
    ...(tools === undefined ? {} : { tools }),
  };
}

/** On one line: what the engine warns about is mostly a workflow that is not in the module any more, and no fault of the engine. */
const logger = {
  warn: (message: string, attributes: Readonly<Record<string, unknown>>): void => {
    const parts = Object.entries(attributes).map(([name, value]) => {
      return `${name}: ${value instanceof Error ? value.message : typeof value === 'string' ? value : compact(value)}`;
    });
    console.warn(`! ${printable([message, ...parts].join('  '))}`);
  },
};

/** Between two tries to take the port, ms. */
const portPause = 20;

async function serve({ port, waitMs, file, token }: Extract<ToServer, { type: 'serve' }>): Promise<void> {
  if (served === undefined) return;
  const end = Date.now() + waitMs;
  for (;;) {
    try {
      server = await startLocalServer({
        ...served,
        port,
        file,
        logger,
        ...(token === undefined ? {} : { token }),
      });
      tell({ type: 'listening', url: server.url });
      return;
    } catch (error) {
      if (!isInTheWay(error) || Date.now() > end) {
        const message = error instanceof Error ? error.message : String(error);
        const code = codeOf(error);
        tell({ type: 'failed', failure: { message, ...(code === undefined ? {} : { code }) } });
        return;
      }
    }
    await delay(portPause);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Whether the process before still has the port, or is just writing to the file. */
function isInTheWay(error: unknown): boolean {
  if (!(error instanceof Error) || !('details' in error)) return false;
  const { reason } = error.details as { readonly reason?: unknown };
  return reason === 'EADDRINUSE' || codeOf(error) === 'WORKFLOW_BACKEND_UNAVAILABLE';
}

/** Resolves when the port is free: the steps that are running go on. */
async function release(): Promise<void> {
  const closing = server;
  server = undefined;
  await closing?.close();
}

function next(task: () => Promise<void>): void {
  last = last.then(task).catch((error: unknown) => {
    console.error(error);
  });
}

process.on('message', (message: ToServer) => {
  switch (message.type) {
    case 'serve':
      next(() => serve(message));
      return;
    case 'release':
      next(release);
      return;
    case 'end':
      next(async () => {
        await release();
        process.exit(0);
      });
  }
});
// The terminal tells all of its processes; the one that started this one decides what becomes of it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// Where that one is gone, nobody else would end this one.
process.once('disconnect', () => {
  next(async () => {
    await release();
    process.exit(0);
  });
});

await load();
