import { createWorkflow } from 'evented-workflows';
import { memoryBackend } from 'evented-workflows/memory';
import { createRuntime } from 'evented-workflows/runtime';
import { describe, expect, test } from 'vitest';
import { Hosts } from '../../src/sdk/hosts.ts';
import { RecordingHost } from './recording-host.ts';
import { adding, numbers } from './steps.ts';

const workflow = () => createWorkflow(numbers).then(adding('a')).commit();

describe('the runtime of a workflow', () => {
  test('is the one that was created last among the open ones', async () => {
    const hosts = new Hosts(workflow(), () => expect.unreachable('no private runtime is needed'));
    const [first, second] = [new RecordingHost(), new RecordingHost()];
    const endFirst = hosts.bind(first);
    const endSecond = hosts.bind(second);
    expect(await hosts.current()).toBe(second);
    endSecond();
    expect(await hosts.current()).toBe(first);
    endSecond();
    endFirst();
    await expect(hosts.current()).rejects.toMatchObject({
      code: 'WORKFLOW_RUNTIME_CLOSED',
      message: expect.stringContaining('Every runtime of workflow "numbers" has been closed'),
    });
  });

  test('is a private one without any, made once', async () => {
    const own = new RecordingHost();
    let made = 0;
    const hosts = new Hosts(workflow(), async () => {
      made += 1;
      return own;
    });
    expect(await Promise.all([hosts.current(), hosts.current()])).toEqual([own, own]);
    expect(made).toBe(1);
    const bound = new RecordingHost();
    const end = hosts.bind(bound);
    expect(await hosts.current()).toBe(bound);
    end();
    expect(await hosts.current()).toBe(own);
  });

  test('is tried again when the private one could not be made', async () => {
    const own = new RecordingHost();
    let made = 0;
    const hosts = new Hosts(workflow(), async () => {
      made += 1;
      if (made === 1) throw new TypeError('no module');
      return own;
    });
    await expect(hosts.current()).rejects.toThrow('no module');
    expect(await hosts.current()).toBe(own);
  });
});

describe('with real runtimes', () => {
  test('a workflow of none runs in a private one', async () => {
    const run = await workflow().createRun();
    expect(await run.start({ inputData: { n: 1 } })).toMatchObject({ status: 'success', result: { n: 2 } });
  });

  test('private runtimes know nothing of each other', async () => {
    const [one, other] = [workflow(), workflow()];
    const { runId } = await one.createRun();
    expect(await one.getWorkflowRunById(runId)).toMatchObject({ runId, status: 'pending' });
    expect(await other.getWorkflowRunById(runId)).toBeNull();
  });

  test('a runtime that is created serves it, until it closes', async () => {
    const shared = workflow();
    const runtime = createRuntime({ workflows: [shared], backend: memoryBackend() });
    const run = await shared.createRun();
    expect(await runtime.get({ runId: run.runId })).toMatchObject({ status: 'pending' });
    await runtime.close();
    await expect(shared.createRun()).rejects.toMatchObject({ code: 'WORKFLOW_RUNTIME_CLOSED' });
    await expect(run.start({ inputData: { n: 1 } })).rejects.toMatchObject({
      code: 'WORKFLOW_RUNTIME_CLOSED',
    });
  });

  test('a runtime tells its logger what a workflow warns of', async () => {
    const warned: unknown[] = [];
    const twice = createWorkflow(numbers).then(adding('a')).then(adding('a')).commit();
    const runtime = createRuntime({
      workflows: [twice],
      backend: memoryBackend(),
      logger: { warn: (...given) => warned.push(given) },
    });
    await runtime.close();
    expect(warned).toEqual([[twice.warnings[0], { workflowId: 'numbers' }]]);
  });
});
