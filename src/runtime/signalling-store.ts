import { logOf, type RunHeader, type StepRecord } from '../core/records.ts';
import type { AppendResult, RunStore, Write } from '../ports/index.ts';
import { logSignal, type RunSignals } from './run-signals.ts';

/** Methods whose result is the write of a header that its log shows. */
export const loggedHeaderWrites = [
  'createRun',
  'startRun',
  'setStatus',
  'finish',
  'cancel',
  'startChild',
  'travel',
  'restart',
] as const;
/** The same for a record. */
export const loggedRecordWrites = [
  'claim',
  'commit',
  'sleep',
  'nest',
  'followChild',
  'wake',
  'resume',
  'closeBlock',
] as const;

type Method = (...args: never[]) => Promise<unknown>;
type LogsOf = (result: never, args: never) => string | undefined;

function logOfHeaderWrite({ won, image }: Write<RunHeader>): string | undefined {
  return won ? logOf(image) : undefined;
}

function logOfRecordWrite(write: {
  readonly won: boolean;
  readonly image?: StepRecord | RunHeader;
}): string | undefined {
  return write.won && write.image !== undefined && 'log' in write.image ? write.image.log : undefined;
}

/** Which log a call of a method has added to, by its result and its argument. */
const grown: ReadonlyMap<string | symbol, LogsOf> = new Map<string | symbol, LogsOf>([
  ...loggedHeaderWrites.map((name) => [name, logOfHeaderWrite] as const),
  ...loggedRecordWrites.map((name) => [name, logOfRecordWrite] as const),
  ['openJoin', (_: unknown, { log }: { readonly log?: string }) => log],
  ['appendToken', ({ won, opening }: AppendResult) => (won ? opening.log : undefined)],
  ['appendChunks', (_: unknown, { log }: { readonly log: string }) => log],
]);

/** The same store; whoever waits in this process for a log to grow is told when a write of this process adds to it. */
export function signallingStore(store: RunStore, signals: RunSignals): RunStore {
  const wrapped = new Map<string | symbol, unknown>();
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      const known = wrapped.get(name);
      if (known !== undefined) return known;
      const bound = (method as Method).bind(target);
      const logsOf = grown.get(name);
      const made = logsOf === undefined ? bound : telling(bound, logsOf, signals);
      wrapped.set(name, made);
      return made;
    },
  });
}

function telling(method: Method, logsOf: LogsOf, signals: RunSignals): Method {
  return async (...args) => {
    const result = await method(...args);
    const log = logsOf(result as never, args[0] as never);
    if (log !== undefined) signals.changed(logSignal(log));
    return result;
  };
}
