import { type ChildProcess, fork } from 'node:child_process';
import { decode, encode } from '../../../src/core/codec.ts';
import { WorkflowError } from '../../../src/core/errors.ts';
import { bindWorkflows, type WorkflowHost } from '../../../src/core/host.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../../src/runtime/index.ts';
import type { VirtualClock } from '../../../src/testing/index.ts';
import { onSqlite, type OpenPlace } from '../../runtime/places.ts';
import { type Answer, errorIn, type Request } from './caller/messages.ts';
import { current, type CurrentTest } from './current.ts';

/** A step learns only with its next renewal that another process has canceled its run: as soon as a test can wait for it. */
const times = { leaseMs: 900 };

type Sent<Type> = Type extends Request ? Omit<Type, 'id'> : never;

/** The process that makes the calls: one for all tests of a worker, since to load their sources takes longer than they do. */
class Caller {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #sent = 0;

  constructor() {
    this.#process = fork(new URL('caller/process.ts', import.meta.url), {
      execArgv: [
        '--conditions=evented-workflows-source',
        '--import',
        new URL('caller/hooks.ts', import.meta.url).href,
      ],
    });
    this.#process.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.#open.get(id);
      this.#open.delete(id);
      if (error === undefined) waiting?.resolve(decode(result ?? encode(undefined)));
      else waiting?.reject(errorIn(error));
    });
    // It ends with this process, by the channel between them, and keeps none alive.
    this.#process.unref();
    this.#process.channel?.unref();
  }

  async ask(request: Sent<Request>, signal?: AbortSignal): Promise<unknown> {
    const id = (this.#sent += 1);
    const answered = Promise.withResolvers<unknown>();
    this.#open.set(id, answered);
    this.#process.send({ ...request, id });
    const abort = (): void => {
      void this.ask({ type: 'abort', call: id });
    };
    signal?.addEventListener('abort', abort);
    try {
      return await answered.promise;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}

let caller: Caller | undefined;

function closed(): WorkflowError {
  return new WorkflowError('WORKFLOW_RUNTIME_CLOSED', 'The runtime is closed');
}

const oneClock =
  'Virtual time passes in one process. That a run sleeps, waits and is taken over in another process is what `npm run test:kill` tests in real time.';

/** Methods that are called in the other process; what is left is work, and done in this one. */
const called = [
  'create',
  'start',
  'resume',
  'cancel',
  'timeTravel',
  'restart',
  'remove',
  'events',
  'get',
  'snapshot',
  'result',
  'settled',
  'list',
] as const satisfies readonly (keyof WorkflowHost)[];

/**
 * A file on which two processes work: this one, with the test and its counters, executes all steps, and another one starts
 * the runs, resumes them and reads what became of them. It has the definitions from the same test file.
 */
export function inOtherProcess(clock: VirtualClock | undefined): OpenPlace {
  if (clock !== undefined) current.skip(oneClock);
  const place = onSqlite(undefined);
  const { test } = current;
  let hosts = 0;
  let loaded: Promise<unknown> | undefined;
  const ready = async (using: Caller, of: CurrentTest): Promise<void> => {
    loaded ??= using.ask({ type: 'load', test: of, files: [place.file] });
    await loaded;
  };
  const create = (options: RuntimeOptions): Runtime => {
    if (test === undefined) return createRuntime(options);
    const using = (caller ??= new Caller());
    const host = (hosts += 1) - 1;
    let isClosed = false;
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => {});
    const worker = createRuntime({ ...options, times: { ...times, ...options.times } });
    const callOf = (method: keyof WorkflowHost) => async (request: { readonly signal?: AbortSignal }) => {
      if (isClosed) throw closed();
      await ready(using, test);
      const { signal, ...given } = request;
      const answer = using.ask({ type: 'call', host, method, given: encode(given) }, signal);
      return Promise.race([answer, ended.promise]);
    };
    const calls = Object.fromEntries(called.map((method) => [method, callOf(method)]));
    const close = async (): Promise<void> => {
      isClosed = true;
      ended.reject(closed());
      unbind();
      await worker.close();
    };
    const runtime = new Proxy(worker, {
      get: (target, name) => {
        if (name === 'close') return close;
        const value: unknown = calls[String(name)] ?? Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const unbind = bindWorkflows(options.workflows, runtime);
    return runtime;
  };
  const remove = async (): Promise<void> => {
    if (loaded !== undefined) await caller?.ask({ type: 'close' });
    await place.remove();
  };
  return { ...place, createRuntime: create, remove };
}
