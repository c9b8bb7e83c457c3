import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Client, createClient } from '../../src/client/index.ts';
import type { RunEvent } from '../../src/core/snapshot.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import { type LocalServer, startLocalServer } from '../../src/local/index.ts';
import { ordersWorkflow, realApp } from '../http/fixtures.ts';
import { all } from './fixtures.ts';

type Orders = Client<readonly [typeof ordersWorkflow]>;

/** A client of the real app over a runtime in memory, and that app. */
function inMemory(options: Parameters<typeof realApp>[0] = {}) {
  const { app, runtime } = realApp(options);
  const client: Orders = createClient({ url: 'http://api.test', fetch: (request) => app.fetch(request) });
  return { client, app, runtime };
}

describe('against the HTTP app', () => {
  test('a run from its start to its end', async () => {
    const { client, runtime } = inMemory();
    expect((await client.workflows()).map(({ id }) => id)).toEqual(['orders', 'echo']);
    expect(await client.describe('orders')).toMatchObject({
      id: 'orders',
      inputSchema: { type: 'object' },
      resumeSchemas: { approve: { type: 'object' } },
    });
    const orders = client.workflow('orders');
    const run = await orders.start({ runId: 'order/1 ü?', inputData: { pieces: 2 }, resourceId: 'shop' });
    expect(run).toMatchObject({
      runId: 'order/1 ü?',
      workflowId: 'orders',
      resourceId: 'shop',
      changed: true,
    });
    const again = await orders.start({ runId: 'order/1 ü?', inputData: { pieces: 2 }, resourceId: 'shop' });
    expect(again.changed).toBe(false);
    await runtime.settled({ runId: run.runId });
    expect((await run.get()).status).toBe('suspended');
    await run.resume({ step: 'approve', resumeData: { by: 'Ada' } });
    await runtime.settled({ runId: run.runId });
    expect(await orders.run('order/1 ü?').get()).toMatchObject({
      status: 'success',
      result: { cents: 500, by: 'Ada' },
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const { runs } = await client.runs({ workflowId: 'orders', status: 'success', createdFrom: new Date(0) });
    expect(runs).toMatchObject([{ runId: 'order/1 ü?', resourceId: 'shop' }]);
  });

  test('events, by pages', async () => {
    const { client, runtime } = inMemory();
    const run = await client.workflow('orders').start({ inputData: { pieces: 1 } });
    const events = all(run.events());
    await runtime.settled({ runId: run.runId });
    await run.resume({ label: 'approval', resumeData: { by: 'Ada' } });
    const seen = await events;
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect(typesOf(seen)).toEqual(wholeRun);
    const first = await run.eventPage();
    expect(typesOf(first.events)).toEqual(wholeRun);
    expect(await all(run.events({ cursor: first.cursor }))).toEqual([]);
  });

  test('pages of a list', async () => {
    const { client } = inMemory();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const runId of ids) await client.workflow('orders').start({ runId, inputData: { pieces: 1 } });
    const listed = await all(client.allRuns({ limit: 2 }));
    expect(listed.map(({ runId }) => runId).toSorted()).toEqual(ids);
  });

  test('refusals', async () => {
    const { client, runtime } = inMemory();
    const orders = client.workflow('orders');
    await expect(orders.start({ inputData: { pieces: 'x' as unknown as number } })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      status: 422,
      details: { issues: [{ path: 'pieces' }] },
    });
    const run = await orders.start({ runId: 'r', inputData: { pieces: 1 } });
    await expect(orders.start({ runId: 'r', inputData: { pieces: 2 } })).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_CONFLICT',
      status: 409,
    });
    await runtime.settled({ runId: 'r' });
    await expect(run.resume({ label: 'missing' })).rejects.toMatchObject({
      code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
    });
    expect((await run.cancel()).status).toBe('canceled');
    expect((await run.cancel()).changed).toBe(false);
    await expect(run.resume()).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED', status: 409 });
    await expect(client.run('missing').get()).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_FOUND' });
    await expect(all(client.run('missing').events())).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_FOUND',
    });
    await expect(
      client
        .workflow('other' as 'orders')
        .run('r')
        .get(),
    ).rejects.toMatchObject({ status: 404 });
    await expect(client.describe('other' as 'orders')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
    await expect(run.eventPage({ cursor: 'x' })).rejects.toMatchObject({ code: 'WORKFLOW_CURSOR_INVALID' });
  });

  test('who is not let in, and whose run it is', async () => {
    const identify = (request: Request): string => {
      const [, name] = /^Bearer (\w+)$/.exec(request.headers.get('authorization') ?? '') ?? [];
      if (name !== undefined) return name;
      throw new WorkflowError('WORKFLOW_UNAUTHENTICATED', 'Say who you are');
    };
    const { client: nobody, app } = inMemory({ identify, basePath: '/api' });
    const clientOf = (token?: string): Orders =>
      createClient({
        url: 'http://api.test/api/',
        fetch: (request) => app.fetch(request),
        ...(token === undefined ? {} : { token }),
      });
    await expect(clientOf().workflows()).rejects.toMatchObject({
      code: 'WORKFLOW_UNAUTHENTICATED',
      status: 401,
    });
    const run = await clientOf('ada')
      .workflow('orders')
      .start({ inputData: { pieces: 1 } });
    expect((await run.get()).runId).toBe(run.runId);
    await expect(clientOf('eve').run(run.runId).get()).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_FORBIDDEN',
    });
    await expect(nobody.workflows()).rejects.toMatchObject({ code: 'HTTP_ROUTE_NOT_FOUND', status: 404 });
  });
});

const step = (id: string): string[] => [`workflow-step-start ${id}`, `workflow-step-result ${id}`];
const suspended = ['workflow-step-start approve', 'workflow-step-suspended approve', 'workflow-finish'];
const wholeRun = ['workflow-start', ...step('price'), ...suspended, ...step('approve'), 'workflow-finish'];

function typesOf(events: readonly RunEvent[]): string[] {
  return events.map(({ type, payload }) =>
    [type, ...('stepName' in payload ? [payload['id']] : [])].join(' '),
  );
}

async function localServer(): Promise<LocalServer> {
  const directory = mkdtempSync(join(tmpdir(), 'client-'));
  const server = await startLocalServer({ workflows: [ordersWorkflow], file: join(directory, 'runs.db') });
  onTestFinished(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return server;
}

/** A proxy that cuts off the first `cuts` event streams that have events, in the middle of these. */
async function cuttingProxy(
  target: string,
  cuts: number,
): Promise<{ readonly url: string; readonly cut: () => number }> {
  let done = 0;
  const proxy = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const forward = async (): Promise<void> => {
      const chunks = await request.toArray();
      const { host: _, connection: __, ...kept } = headers as Record<string, string>;
      const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks as Buffer[]) };
      const answer = await fetch(`${target}${url}`, { method, headers: kept, ...body });
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'text/plain',
      });
      for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
        const isCut = done < cuts && url.includes('/events') && Buffer.from(chunk).includes('data:');
        if (!isCut) {
          response.write(chunk);
          continue;
        }
        done += 1;
        // The cursor of a batch is at its end: all of the batch is told again.
        response.write(chunk.subarray(0, chunk.byteLength / 2), () => response.destroy());
        return;
      }
      response.end();
    };
    void forward().catch(() => response.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await once(proxy, 'close');
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, cut: () => done };
}

describe('against the local server', () => {
  test('events are streamed as they come, and end with the run', async () => {
    const server = await localServer();
    const streams: string[] = [];
    const client: Orders = createClient({
      url: server.url,
      fetch: async (request) => {
        const response = await fetch(request);
        if (request.url.includes('/events')) streams.push(response.headers.get('content-type') ?? 'none');
        return response;
      },
    });
    const run = await client.workflow('orders').start({ inputData: { pieces: 3 } });
    const seen: RunEvent[] = [];
    for await (const one of run.events()) {
      seen.push(one);
      if (one.type === 'workflow-step-suspended') {
        await server.runtime.settled({ runId: run.runId });
        await run.resume({ step: 'approve', resumeData: { by: 'Ada' } });
      }
    }
    expect(typesOf(seen)).toEqual(wholeRun);
    expect(streams).toEqual(['text/event-stream']);
    const { cursor } = await run.eventPage();
    expect(await all(run.events({ cursor }))).toEqual([]);
    expect(streams.at(-1)).toBe('none');
    expect((await run.get()).result).toEqual({ cents: 750, by: 'Ada' });
  });

  test('a stream that is cut off again and again tells everything once', async () => {
    const server = await localServer();
    const proxy = await cuttingProxy(server.url, 3);
    const client: Orders = createClient({
      url: proxy.url,
      // The pauses are real here, and none of them has to be long.
      timing: { now: Date.now, random: () => 0, timer: (ms, call) => stopping(setTimeout(call, ms)) },
    });
    const run = await client.workflow('orders').start({ inputData: { pieces: 3 } });
    await server.runtime.settled({ runId: run.runId });
    const events = all(run.events());
    await vi.waitFor(() => expect(proxy.cut()).toBe(3));
    await run.resume({ resumeData: { by: 'Ada' } });
    expect(typesOf(await events)).toEqual(wholeRun);
  });

  test('a server that is gone is not reachable', async () => {
    const server = await localServer();
    const client: Orders = createClient({ url: server.url, retries: 0 });
    const run = await client.workflow('orders').start({ inputData: { pieces: 3 } });
    await server.close();
    await expect(run.get()).rejects.toMatchObject({
      code: 'CLIENT_UNREACHABLE',
      message: expect.stringContaining(server.url),
    });
  });

  const stopping = (timer: NodeJS.Timeout) => (): void => clearTimeout(timer);
});
