import { pathToFileURL } from 'node:url';
import { sqliteBackend } from '../../../../src/adapters/sqlite/index.ts';
import { nextTurn } from '../../../../src/adapters/system/index.ts';
import { decode, encode } from '../../../../src/core/codec.ts';
import { WorkflowError } from '../../../../src/core/errors.ts';
import { bindWorkflows, type WorkflowHost } from '../../../../src/core/host.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../../../src/runtime/index.ts';
import type { CurrentTest } from '../current.ts';
import { role } from '../role.ts';
import { type Answer, errorText, type Request } from './messages.ts';
import { noted } from './noted-tests.ts';

/**
 * Makes the calls of a test's hosts: a process of its own, which loads the file of the test, lets it define its workflows and
 * make its hosts, and keeps its first call waiting for ever. It executes no step.
 */

/** How many turns of the event loop a test may take until its first host is there. */
const patience = 200;

const hosts: Runtime[] = [];
const calls = new Map<number, AbortController>();
const tests = new Map<string, readonly (() => unknown)[]>();
let files: readonly string[] = [];

role.open = () => {
  const file = files[0] ?? '';
  const backend = () => sqliteBackend({ file });
  return { backend: backend(), another: backend, remove: () => {}, createRuntime: callingOnly };
};

/** The runtime that the calls are made of; the test itself gets one whose calls never end. */
function callingOnly(options: RuntimeOptions): Runtime {
  const made = createRuntime({ ...options, work: false });
  hosts.push(made);
  const waiting = new Proxy(made, {
    get: (target, name) =>
      name === 'workflows' || name === 'describe' ? target[name] : () => new Promise(() => {}),
  });
  bindWorkflows(options.workflows, waiting);
  return waiting;
}

async function testsOf(file: string): Promise<readonly (() => unknown)[]> {
  const known = tests.get(file);
  if (known !== undefined) return known;
  noted.length = 0;
  await import(pathToFileURL(file).href);
  const loaded = noted.map(({ run }) => run);
  tests.set(file, loaded);
  return loaded;
}

async function load(test: CurrentTest, databases: readonly string[]): Promise<number> {
  files = databases;
  const run = (await testsOf(test.file))[test.number];
  if (run === undefined) throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `no test ${test.number}`);
  // What it does after its hosts are made is of no interest, and waits for an answer that does not come.
  void Promise.resolve(run()).catch(() => {});
  for (let turn = 0; hosts.length === 0 && turn < patience; turn += 1) await nextTurn();
  return hosts.length;
}

async function call(request: Extract<Request, { type: 'call' }>): Promise<unknown> {
  const host = hosts[request.host] ?? hosts.at(-1);
  if (host === undefined) throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', 'the test has made no host');
  const abort = new AbortController();
  calls.set(request.id, abort);
  const given = decode(request.given) as Record<string, unknown>;
  const method = host[request.method].bind(host) as (given: unknown) => Promise<unknown>;
  const waits: readonly (keyof WorkflowHost)[] = ['events', 'settled'];
  return method(waits.includes(request.method) ? { ...given, signal: abort.signal } : given);
}

async function answer(request: Request): Promise<unknown> {
  switch (request.type) {
    case 'load':
      return load(request.test, request.files);
    case 'call':
      return call(request).finally(() => calls.delete(request.id));
    case 'abort':
      return calls.get(request.call)?.abort();
    case 'close':
      return Promise.all(hosts.splice(0).map((host) => host.close())).then(() => undefined);
  }
}

process.on('message', (request: Request) => {
  const reply = (said: Omit<Answer, 'id'>): void => {
    process.send?.({ id: request.id, ...said } satisfies Answer);
  };
  answer(request).then(
    (result) => reply({ result: encode(result) }),
    (error: unknown) => reply({ error: errorText(error) }),
  );
});
process.on('disconnect', () => process.exit());
