/** Exit codes of the command, and the errors that lead to them. */
export const exitCodes = {
  ok: 0,
  /** The run failed, or the server refused for another reason than those below. */
  failed: 1,
  /** The command line is wrong; nothing was sent. */
  usage: 2,
  /** No answer from the server. */
  unreachable: 3,
  /** Not authenticated, or not allowed. */
  forbidden: 4,
  notFound: 5,
  conflict: 6,
  /** The server found a value invalid. */
  invalid: 7,
  /** Too many requests, or the server is not available at the moment: the same command may succeed later. */
  unavailable: 8,
  /** Ended by Ctrl-C: 128 and the number of SIGINT, as shells have it. */
  interrupted: 130,
} as const;

/** The exit code of an HTTP status of 400 or more. */
export function exitCodeOf(status: number): number {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return exitCodes.invalid;
    case 401:
    case 403:
      return exitCodes.forbidden;
    case 404:
    case 410:
      return exitCodes.notFound;
    case 409:
      return exitCodes.conflict;
    case 429:
    case 502:
    case 503:
    case 504:
      return exitCodes.unavailable;
    default:
      return exitCodes.failed;
  }
}

/** Codes of {@link CommandError}. */
export type CommandErrorCode = 'CLI_USAGE' | 'CLI_FILE' | 'CLI_FAILED' | 'CLI_INTERRUPTED';

const exitOfCode: Readonly<Record<CommandErrorCode, number>> = {
  CLI_USAGE: exitCodes.usage,
  CLI_FILE: exitCodes.usage,
  CLI_FAILED: exitCodes.failed,
  CLI_INTERRUPTED: exitCodes.interrupted,
};

/** A command that could not do what it was told. `message` tells a person what to do, `hint` where to read on. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly code: CommandErrorCode;
  readonly hint: string | undefined;

  constructor(code: CommandErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return exitOfCode[this.code];
  }
}

/** The error of a wrong command line. */
export function usageError(message: string, hint?: string): CommandError {
  return new CommandError('CLI_USAGE', message, hint === undefined ? {} : { hint });
}
