import { type Client, type ClientOptions, createClient } from '../client/index.ts';
import { type Arguments, type OptionSpecs, type PositionalSpec, wholeNumber } from './arguments.ts';
import { type Console, widthOf } from './console.ts';
import { CommandError, usageError } from './exit.ts';
import { coloured, type Paint, plain, printable, safeJson, shellWord } from './text.ts';

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Paragraphs for its own help. */
  readonly details?: readonly string[];
  readonly positionals: readonly PositionalSpec[];
  readonly options: OptionSpecs;
  /** Command lines without the name of the program, each with what it does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Whether it calls a server, so that the options for that apply. */
  readonly isLocal?: true;
  /** Resolves with the exit code. */
  run(context: Context): Promise<number>;
}

/** Options of every command. */
export const commonOptions: OptionSpecs = {
  json: { summary: 'print JSON for scripts' },
  'no-color': { summary: 'no colours (also NO_COLOR)' },
  help: { short: 'h', summary: 'print this help' },
};

/** Options of the commands that call a server. */
export const serverOptions: OptionSpecs = {
  url: { value: 'url', summary: 'where the API is (EVENTED_URL, else http://127.0.0.1:4400)' },
  token: { value: 'token', summary: 'bearer token (EVENTED_TOKEN)' },
  sigv4: {
    value: 'region',
    summary: 'sign requests for AWS IAM, with credentials of AWS_ACCESS_KEY_ID, ...',
  },
  retries: { value: 'n', summary: 'how often a request that failed for now is sent again (3)' },
};

/** Where `evented dev` listens. */
const defaultUrl = 'http://127.0.0.1:4400';

/** What a command works with. */
export interface Context {
  readonly console: Console;
  readonly positionals: readonly string[];
  readonly paint: Paint;
  /** Columns of the output. */
  readonly width: number;
  readonly json: boolean;
  /** A person can answer questions, and sees them. */
  readonly isInteractive: boolean;
  readonly client: Client;
  /** The value of an option; undefined when it was not given. */
  readonly option: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean;
  /** Prints lines as they are: whoever makes them has made them harmless. */
  readonly print: (...lines: readonly string[]) => void;
  /** Prints one JSON document. */
  readonly printJson: (value: unknown, indent?: number) => void;
  /** A command line that a person can copy, with the options that reach the same server. */
  readonly commandLine: (...words: readonly string[]) => string;
}

/** Makes the context of a command; the client is made when it is asked for. */
export function contextOf(console: Console, { positionals, options }: Arguments): Context {
  const { stdin, stdout, env } = console;
  const option = (name: string): string | undefined => {
    const value = options[name];
    return typeof value === 'string' ? value : undefined;
  };
  const flag = (name: string): boolean => options[name] === true;
  const json = flag('json');
  let client: Client | undefined;
  return {
    console,
    positionals,
    paint: wantsColor(console, flag('no-color') || json) ? coloured : plain,
    width: widthOf(stdout),
    json,
    isInteractive: stdin.isTTY === true && stdout.isTTY === true && !json,
    get client() {
      client ??= clientOf(console, option);
      return client;
    },
    option,
    flag,
    print: (...lines) => void stdout.write(lines.map((line) => `${line}\n`).join('')),
    printJson: (value, indent = 2) => void stdout.write(`${safeJson(value, indent)}\n`),
    commandLine: (...words) => {
      const reached = ['url', 'sigv4'].flatMap((name) => {
        const value = option(name);
        return value === undefined ? [] : [`--${name}`, value];
      });
      const end = words.indexOf('--');
      const all = end === -1 ? [...words, ...reached] : words.toSpliced(end, 0, ...reached);
      return [programName(env), ...all.map(shellWord)].join(' ');
    },
  };
}

/** Whether text on a stream is coloured (no-color.org). */
export function wantsColor({ stdout, env }: Pick<Console, 'stdout' | 'env'>, refused: boolean): boolean {
  const { NO_COLOR, TERM } = env;
  return stdout.isTTY === true && !refused && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}

/** How this program was called: packages that are installed in a project are not on the path. */
export function programName(env: Console['env']): string {
  return env['npm_command'] === undefined ? 'evented' : 'npx evented';
}

/** A client by the options and the environment; `deployed` is where the API of the deployment is that the options name. */
export function clientOf(console: Console, option: Context['option'], deployed?: string): Client {
  const retries = option('retries');
  return createClient({
    ...accessOf(console, option, deployed),
    fetch: (request) => console.fetch(request),
    ...(retries === undefined ? {} : { retries: wholeNumber('--retries', retries, 0, 100) }),
  });
}

/** Gets a path of the same API, with the same token or signature, that the client has no method for. */
export function requesterOf(
  console: Console,
  option: Context['option'],
  deployed?: string,
): (path: string, signal: AbortSignal) => Promise<Response> {
  const { url, token, sign = (request) => request } = accessOf(console, option, deployed);
  const base = url.endsWith('/') ? url : `${url}/`;
  return async (path, signal) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return await console.fetch(await sign(new Request(new URL(path, base), { headers, signal })));
  };
}

/** How an API is reached. */
export interface Access {
  readonly url: string;
  readonly token?: string;
  readonly sign?: Sign;
}

/** Where the API is, and as whom it is called. What was named for this command comes before what the environment says for all. */
export function accessOf(console: Console, option: Context['option'], deployed?: string): Access {
  const { env } = console;
  const url = option('url') ?? deployed ?? nonEmpty(env['EVENTED_URL']) ?? defaultUrl;
  const token = option('token') ?? nonEmpty(env['EVENTED_TOKEN']);
  const region = option('sigv4');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw usageError(
      `The URL of the API is "${url}": give one such as ${defaultUrl} by --url or EVENTED_URL`,
    );
  }
  return {
    url,
    ...(token === undefined ? {} : { token }),
    ...(region === undefined ? {} : { sign: signerOf(region, env) }),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

type Sign = NonNullable<ClientOptions['sign']>;

/** Signs with the credentials of the environment; what signs is loaded for the first request. */
function signerOf(region: string, env: Console['env']): Sign {
  const accessKeyId = nonEmpty(env['AWS_ACCESS_KEY_ID']);
  const secretAccessKey = nonEmpty(env['AWS_SECRET_ACCESS_KEY']);
  const sessionToken = nonEmpty(env['AWS_SESSION_TOKEN']);
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw usageError(
      '--sigv4 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: set them, for a profile by' +
        ' eval "$(aws configure export-credentials --format env)"',
    );
  }
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  let signer: Promise<Sign> | undefined;
  return async (request) => {
    signer ??= import('../client/sigv4.ts').then(({ signer: make }) => make({ region, credentials }));
    return await (await signer.catch(withoutSigner))(request);
  };
}

function withoutSigner(cause: unknown): never {
  throw new CommandError(
    'CLI_FAILED',
    `Requests cannot be signed: install @smithy/signature-v4 beside evented-workflows (${printable(String(cause))})`,
    { cause },
  );
}
