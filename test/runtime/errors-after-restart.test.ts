import { describe, expect, onTestFinished, test } from 'vitest';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { callsById, runId, type SeenRun } from '../parity/errors/calls.ts';
import { allFailed, allRefused } from '../parity/errors/all.ts';
import type { Refused } from '../parity/errors/case.ts';
import { jsonOf, named, refusalOf } from '../parity/errors/shown.ts';
import { onSqlite } from './places.ts';

/** Runtimes on one file, each of a process of its own: the one before is closed. */
function onFile(): (workflow: ReturnType<Refused['workflow']>) => Promise<Runtime> {
  const { another, backend, remove } = onSqlite(undefined);
  let last: Runtime | undefined;
  let unused: typeof backend | undefined = backend;
  onTestFinished(async () => {
    await last?.close();
    await remove();
  });
  return async (workflow) => {
    await last?.close();
    last = createRuntime({
      workflows: [workflow],
      backend: unused ?? another(),
      logger: { warn: () => {} },
    });
    unused = undefined;
    return last;
  };
}

describe('after a restart a call is refused as before', () => {
  test.each(named(allRefused))('%s', async (_, refused) => {
    const open = onFile();
    const calls = callsById(await open(refused.workflow()), 'flow');
    await refused.before?.(calls);
    expect(await refusalOf(refused.call(calls))).toEqual(refused.error);
    const again = callsById(await open(refused.workflow()), 'flow');
    expect(await refusalOf(refused.call(again))).toEqual(refused.error);
  });
});

describe('after a restart a failed run is read as before', () => {
  test.each(named(allFailed))(
    '%s',
    async (_, { workflow, inputData = {}, stepId = 'fails', error, type = Error }) => {
      const open = onFile();
      await callsById(await open(workflow()), 'flow').start({ inputData });
      const runtime = await open(workflow());
      const { entries } = await runtime.history({ runId });
      expect(JSON.stringify(entries)).not.toContain('"stack"');
      const result = await runtime.result({ runId });
      const stored = await runtime.get({ runId });
      const errors = ([result, stored] as (SeenRun | null)[]).flatMap((run) => {
        const step = run?.steps[stepId] as { readonly error?: unknown } | undefined;
        return [run?.error, step?.error];
      });
      expect(errors).toHaveLength(4);
      for (const shown of errors) {
        expect(shown).toBeInstanceOf(type);
        expect(jsonOf(shown)).toEqual(error);
      }
    },
  );
});
