import { randomUUID } from 'node:crypto';
import { createClient } from '../../../../src/client/index.ts';
import { WorkflowError } from '../../../../src/core/errors.ts';
import { bindWorkflows } from '../../../../src/core/host.ts';
import type { Backend } from '../../../../src/ports/index.ts';
import type { Runtime, RuntimeOptions } from '../../../../src/runtime/index.ts';
import type { VirtualClock } from '../../../../src/testing/index.ts';
import { outputsOf, stackName, urlOf } from '../../../integration/deployed.ts';
import type { OpenPlace } from '../../../runtime/places.ts';
import { current } from '../current.ts';
import { chosenName, prefixOf } from './choice.ts';
import { remoteHost } from './remote-host.ts';

/** Nothing of a run is in the process of the test. */
const nowhere = {} as Backend;

/**
 * The stack on which the workflows of the chosen tests are deployed. The process of the test executes nothing: all that it
 * calls goes through the client of the API, and what the client answers is what the test gets.
 */
export function overHttp(clock: VirtualClock | undefined): OpenPlace {
  const { test } = current;
  if (test === undefined || clock !== undefined) throw new Error('Only a test in real time runs on a stack.');
  const prefix = prefixOf(chosenName(test.file), test.number);
  // Tests name their runs alike, too.
  const runPrefix = `${randomUUID()}--`;
  return {
    backend: nowhere,
    another: () => nowhere,
    remove: () => {},
    createRuntime: (options) => remoteRuntime(options, { prefix, runPrefix }),
  };
}

function remoteRuntime(
  { workflows }: RuntimeOptions,
  ids: { readonly prefix: string; readonly runPrefix: string },
): Runtime {
  const client = createClient({
    url: urlOf(outputsOf(`${stackName}Parity`)),
    fetch: (request) => withoutPrefixes(request, Object.values(ids)),
  });
  const closing = new AbortController();
  const close = async (): Promise<void> => {
    unbind();
    closing.abort(new WorkflowError('WORKFLOW_RUNTIME_CLOSED', 'The runtime is closed'));
  };
  const host = remoteHost(client, { ...ids, closed: closing.signal });
  // What else a runtime has is work, which the functions do.
  const runtime = { ...host, workflows, close } as unknown as Runtime;
  const unbind = bindWorkflows(workflows, runtime);
  return runtime;
}

/** Whatever an answer is about, the test finds it under the ids that it gave. */
async function withoutPrefixes(request: Request, prefixes: readonly string[]): Promise<Response> {
  const response = await fetch(request);
  const text = prefixes.reduce((left, prefix) => left.replaceAll(prefix, ''), await response.text());
  const { status, headers } = response;
  return new Response(status === 204 ? null : text, { status, headers });
}
