import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';
import { DevSupervisor } from '../dev/supervisor.ts';
import { CommandError, usageError } from '../exit.ts';

/** Where the workflows are looked for, in this order. */
const usualFiles = [
  'evented.workflows.ts',
  'evented.workflows.js',
  'evented.workflows.mjs',
  'src/evented.workflows.ts',
  'src/workflows.ts',
  'src/workflows.js',
  'src/workflows/index.ts',
  'src/workflows/index.js',
  'workflows.ts',
  'workflows.js',
];

/** `evented dev` */
export const dev: Command = {
  name: 'dev',
  summary: 'serve the workflows of a file, and reload it when it changes',
  details: [
    `Serves what the file exports: a list named workflows, else a list as default, else every export that is a committed workflow; agents and tools by these names. Without a file it takes the first that is there of ${usualFiles.slice(0, 2).join(', ')}, src/workflows.ts, workflows.ts and the like.`,
    'Runs are kept in an SQLite file, and go on when the server is started again. When the file, or one that it imports, changes, a new process takes over the port, and steps that are running finish in the old one. A file that cannot be loaded changes nothing.',
  ],
  isLocal: true,
  positionals: [{ name: 'file', optional: true }],
  options: {
    port: { short: 'p', value: 'n', summary: 'where it listens on 127.0.0.1; 0 takes a free one (4400)' },
    db: { value: 'path', summary: 'the SQLite file (.evented/runs.db)' },
    token: { value: 'token', summary: 'asked of every request as a bearer token (EVENTED_TOKEN)' },
  },
  examples: [
    ['dev', 'serve evented.workflows.ts'],
    ['dev src/orders.ts --port 5000', 'another file, another port'],
  ],
  async run(context) {
    const { cwd, env } = context.console;
    const port = wholeNumber('--port', context.option('port') ?? '4400', 0, 65_535);
    const token = context.option('token') ?? (env['EVENTED_TOKEN'] === '' ? undefined : env['EVENTED_TOKEN']);
    if (context.json) throw usageError('dev prints no JSON: leave --json out');
    return await new DevSupervisor(context, {
      module: moduleIn(cwd, context.positionals[0]),
      port,
      file: resolve(cwd, context.option('db') ?? '.evented/runs.db'),
      token,
    }).run();
  },
};

function moduleIn(cwd: string, given: string | undefined): string {
  const found = (given === undefined ? usualFiles : [given])
    .map((path) => resolve(cwd, path))
    .find(existsSync);
  if (found !== undefined) return found;
  throw new CommandError(
    'CLI_FILE',
    given === undefined
      ? `There is no file with workflows in ${cwd}: write evented.workflows.ts, or name yours: dev <file>`
      : `There is no file ${resolve(cwd, given)}: check its path`,
  );
}
