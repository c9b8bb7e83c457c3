import { sqliteBackend } from '../adapters/sqlite/index.ts';
import type { HttpAppOptions } from '../http/index.ts';
import { createRuntime, type Logger, type Runtime, type RuntimeOptions } from '../runtime/index.ts';
import { type LocalServer, serve } from './serve.ts';

/** Port of `npm run dev` and of the command line; the server itself takes a free one unless it is told. */
export const defaultPort = 4400;

/** Options of {@link startLocalServer}. */
export interface LocalServerOptions
  extends Pick<RuntimeOptions, 'workflows' | 'agents' | 'tools' | 'concurrency' | 'limits' | 'stepEndEvents'>,
    Pick<HttpAppOptions, 'heartbeatMs' | 'bodyLimits' | 'maxInFlight'> {
  /** Path of the SQLite file with all runs; made when it is missing, with its directory. */
  readonly file: string;
  /** 0 to 65,535; 0 takes a free one. @default 0 */
  readonly port?: number;
  /**
   * When given, every request but `/health` needs it: `Authorization: Bearer <token>`. Printable ASCII without spaces.
   * @default everybody on this machine may do everything
   */
  readonly token?: string;
  /** Time for requests in flight when the server closes, ms; then they are cut off. @default 10,000 */
  readonly graceMs?: number;
  /** Told about failed requests and what the engine cannot put on a record. @default `console.warn` */
  readonly logger?: Logger;
}

const consoleLogger: Logger = { warn: (message, attributes) => console.warn(message, attributes) };

/**
 * Starts the embedded server: the runtime, its runs in one SQLite file, and the HTTP API on 127.0.0.1 (docs/http.md).
 * It answers only under its own name and origin, so that no page of another site reaches it through a browser.
 *
 * Rejects with WORKFLOW_ARGUMENT_INVALID for a malformed option and for a port that is taken (before it touches any run),
 * and with what `sqliteBackend` and `createRuntime` throw.
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { port = 0, graceMs = 10_000, logger = consoleLogger, token, heartbeatMs } = options;
  const { bodyLimits, maxInFlight } = options;
  return serve({
    port,
    graceMs,
    token,
    open: () => open(options, logger),
    onError: (error, request) => {
      logger.warn(`${request.method} ${new URL(request.url).pathname} failed`, { error });
    },
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(bodyLimits === undefined ? {} : { bodyLimits }),
    ...(maxInFlight === undefined ? {} : { maxInFlight }),
  });
}

async function open(options: LocalServerOptions, logger: Logger): Promise<Runtime> {
  const { file, workflows, agents, tools, concurrency, limits, stepEndEvents } = options;
  const backend = sqliteBackend({ file });
  try {
    return createRuntime({
      workflows,
      backend,
      logger,
      ...(agents === undefined ? {} : { agents }),
      ...(tools === undefined ? {} : { tools }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(limits === undefined ? {} : { limits }),
      ...(stepEndEvents === undefined ? {} : { stepEndEvents }),
    });
  } catch (error) {
    await backend.close();
    throw error;
  }
}
