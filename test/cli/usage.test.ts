import { describe, expect, test } from 'vitest';
import { commonOptions, serverOptions } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { displayWidth } from '../../src/cli/text.ts';
import { run } from './run.ts';

/** Nothing may be sent for a command line that is wrong. */
const fetch = (): Response => {
  throw new TypeError('a request was sent');
};

const evented = (...argv: string[]) => run(argv, { fetch });

describe('a wrong command line ends with 2, says what is wrong, and sends nothing', () => {
  test.each([
    [['strat'], 'There is no command "strat"; did you mean "start"?'],
    [['help', 'grahp'], 'There is no command "grahp"; did you mean "graph"?'],
    [['nothing-like-it'], 'There is no command "nothing-like-it"\n'],
    [['runs', '--statsu', 'failed'], 'evented runs has no option --statsu; did you mean --status?'],
    [['runs', '--quite-other'], 'evented runs has no option --quite-other\n'],
    [['runs', '-x'], 'evented runs has no option -x'],
    [['runs', '--status', 'faild'], '--status is "faild": give one of pending,'],
    [['runs', '--status', 'faild'], 'did you mean failed?'],
    [['runs', '--limit', '0'], '--limit is "0": give a whole number from 1 to 1,000'],
    [['runs', '--limit', '1e2'], '--limit is "1e2"'],
    [['runs', '--status'], '--status lacks its value: write --status <status>'],
    [['runs', '--workflow', '--json'], '--workflow is followed by --json: write --workflow=--json'],
    [['runs', '--json=yes'], '--json takes no value'],
    [['runs', 'extra'], 'an argument too many, "extra" (no arguments)'],
    [['runs', '--all', '--cursor', 'x'], '--all and --cursor exclude each other'],
    [['show'], 'evented show lacks <run>'],
    [['time-travel', 'r'], 'evented time-travel lacks <step>'],
    [['start', 'orders', '{bad'], 'The input is no JSON'],
    [['start', 'orders', '@missing.json'], 'The input cannot be read from /missing.json'],
    [['start', 'orders', '{}', '--state', '[1]'], '--state is no JSON object'],
    [['start', 'orders', '{}', '--wait', '--watch'], '--wait and --watch exclude each other'],
    [['start', 'orders', '{}', '--run-id', 'a', '--key', 'b'], '--run-id and --key exclude each other'],
    [['resume', 'r', '{}', '--index', '-1'], '--index is followed by -1'],
    [['resume', 'r', '{}', '--index=1.5'], '--index is "1.5"'],
    [['resume'], 'The run is missing: give its id, or a key by --key'],
    [['resume', '--key', 'k', '--step', 'a'], '--key and --step exclude each other'],
    [['resume', 'r', '{}', '--key', 'k'], '--key stands in the place of the run'],
    [['resume', 'r', '{}', '--step', 'a', '--label', 'b'], '--step and --label exclude each other'],
    [
      ['graph', 'orders', '--format', 'svgg'],
      '--format is "svgg": give one of tree, mermaid, svg; did you mean svg?',
    ],
    [['workflows', '--url', 'localhost:4400'], 'The URL of the API is "localhost:4400"'],
    [['workflows', '--retries', 'x'], '--retries is "x"'],
    [['workflows', '--sigv4', 'eu-central-1'], '--sigv4 needs AWS_ACCESS_KEY_ID'],
    [['dev', 'missing.ts'], 'There is no file /missing.ts'],
    [['dev'], 'There is no file with workflows in /'],
    [['dev', '--port', '70000'], '--port is "70000": give a whole number from 0 to 65,535'],
    [['dev', '--url', 'http://x'], 'evented dev has no option --url'],
  ])('%j', async (argv, message) => {
    const { code, out, err } = await evented(...argv);
    expect(err).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('without a command the help is an error', async () => {
    const { code, out, err } = await evented();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage  evented <command>');
  });

  test('what it was given cannot take over the terminal', async () => {
    const { err } = await evented('a\u001B[2Jb');
    expect(err).toContain('There is no command "ab"');
  });
});

describe('help', () => {
  test('of the whole', async () => {
    const { code, out, err } = await evented('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expect(out).toMatchFileSnapshot('golden/help.txt');
    expect(await evented('help')).toEqual({ code, out, err });
    expect(await evented('-h')).toEqual({ code, out, err });
  });

  test.each(commands.map(({ name }) => name))(
    'of %s: fits 80 columns, has examples, and wins over mistakes',
    async (name) => {
      const { code, out } = await evented('help', name);
      expect(code).toBe(0);
      expect(out.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
      expect(out).toContain(`Usage  evented ${name}`);
      expect(out).toContain(`\nExamples\n  # `);
      for (const argv of [
        [name, '--help'],
        ['--json', name, '-h'],
        [name, '--no-such-option', '--help'],
      ]) {
        expect(await evented(...argv)).toEqual({ code, out, err: '' });
      }
    },
  );

  test('of a command with options', async () => {
    await expect((await evented('start', '--help')).out).toMatchFileSnapshot('golden/help-start.txt');
  });

  test('examples are command lines that are understood', async () => {
    const { readArguments } = await import('../../src/cli/arguments.ts');
    for (const { name, positionals, options, examples, isLocal } of commands) {
      for (const [line] of examples) {
        // As a shell would: single quotes, and nothing behind a redirection.
        const words = [...line.replace(/ [<>|].*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(
          ([, a, b]) => a ?? b ?? '',
        );
        expect(words[0]).toBe(name);
        const all = { ...options, ...(isLocal === true ? {} : serverOptions), ...commonOptions };
        readArguments(words.slice(1), { name, positionals, options: all });
      }
    }
  });

  test('names the program as it was called', async () => {
    const { out } = await run(['--help'], { fetch, env: { npm_command: 'exec' } });
    expect(out).toContain('npx evented dev');
  });

  test('the version is that of the package', async () => {
    const { code, out } = await evented('--version');
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await evented('-v')).toMatchObject({ out });
  });
});

describe('colours', () => {
  const escape = '\u001B[';

  test('on a terminal only', async () => {
    expect((await run(['--help'], { fetch, tty: true })).out).toContain(escape);
    expect((await run(['--help'], { fetch })).out).not.toContain(escape);
  });

  test.each<[string, Record<string, string>]>([
    ['NO_COLOR', { NO_COLOR: '1' }],
    ['a terminal that knows none', { TERM: 'dumb' }],
  ])('not with %s', async (_name, env) => {
    expect((await run(['--help'], { fetch, tty: true, env })).out).not.toContain(escape);
  });
});
