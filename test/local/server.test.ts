import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { createStep, createWorkflow } from '../../src/index.ts';
import { type LocalServer, type LocalServerOptions, startLocalServer } from '../../src/local/index.ts';
import { ordersWorkflow, post } from '../http/fixtures.ts';
import { openSocket, send } from './requests.ts';

function newFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'local-server-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'runs.db');
}

async function start(options: Partial<LocalServerOptions> = {}): Promise<LocalServer> {
  const file = options.file ?? newFile();
  const server = await startLocalServer({ workflows: [ordersWorkflow], ...options, file });
  onTestFinished(() => server.close());
  return server;
}

const portOf = (server: LocalServer): string => new URL(server.url).port;

/** A step that ends when the test says so. */
function gatedWorkflow(): { workflow: typeof gated; begun: Promise<void>; open: () => void } {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const gated = createWorkflow({ id: 'gated', inputSchema: z.unknown(), outputSchema: z.string() })
    .then(
      createStep({
        id: 'wait',
        inputSchema: z.unknown(),
        outputSchema: z.string(),
        execute: async () => {
          begun.resolve();
          await gate.promise;
          return 'done';
        },
      }),
    )
    .commit();
  return { workflow: gated, begun: begun.promise, open: gate.resolve };
}

describe('serving', () => {
  test('a run goes from its start to its end over HTTP, and is there after a restart', async () => {
    const file = newFile();
    const server = await start({ file });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const id = 'order/1 ü?';
    const started = await fetch(
      `${server.url}/workflows/orders/runs`,
      post({ runId: id, inputData: { pieces: 2 } }),
    );
    expect(started.status).toBe(201);
    const run = `${server.url}${started.headers.get('location')}`;
    await server.runtime.settled({ runId: id });
    await server.close();
    const next = await start({ file });
    const again = run.replace(server.url, next.url);
    const resumed = await fetch(`${again}/resume`, post({ label: 'approval', resumeData: { by: 'Ada' } }));
    expect(resumed.status).toBe(200);
    await next.runtime.settled({ runId: id });
    expect(await (await fetch(again)).json()).toMatchObject({
      runId: id,
      status: 'success',
      result: { cents: 500, by: 'Ada' },
    });
    await expect(fetch(run)).rejects.toThrow();
  });

  test('HEAD, OPTIONS and refusals go over the wire', async () => {
    const { url } = await start();
    const head = await send(`${url}/runs`, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    const options = await send(`${url}/runs`, { method: 'OPTIONS' });
    expect([options.status, options.headers['allow']]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const foreign = await send(`${url}/runs?cursor=%00%F0%9F%98%80`);
    expect(JSON.parse(foreign.text)).toMatchObject({ status: 400, code: 'WORKFLOW_CURSOR_INVALID' });
    const refused = await send(`${url}/runs`, { method: 'DELETE' });
    expect([refused.status, refused.headers['content-type']]).toEqual([405, 'application/problem+json']);
    const large = await fetch(`${url}/workflows/orders/runs`, post('x'.repeat(7_000_000)));
    expect(await large.json()).toMatchObject({ status: 413, code: 'WORKFLOW_LIMIT_EXCEEDED' });
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test('the globals of the process stay as they are', async () => {
    const own = [globalThis.Request, globalThis.Response];
    const { url } = await start();
    await fetch(`${url}/health`);
    expect([globalThis.Request, globalThis.Response]).toEqual(own);
  });
});

describe('how many are let in', () => {
  test('as many as the option says', async () => {
    const server = await start({ maxInFlight: 1 });
    const run = post({ runId: 'a', inputData: { pieces: 2 } });
    await fetch(`${server.url}/workflows/orders/runs?wait=25`, run);
    const stream = await fetch(`${server.url}/runs/a/events`, { headers: { accept: 'text/event-stream' } });
    const refused = await fetch(`${server.url}/runs`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    await stream.body?.cancel();
    await expect.poll(async () => (await fetch(`${server.url}/runs`)).status).toBe(200);
  });

  test('no cap below 1: nothing stays open', async () => {
    const { workflow } = gatedWorkflow();
    const refused = start({ maxInFlight: 0, workflows: [workflow] });
    await expect(refused).rejects.toMatchObject({ code: 'WORKFLOW_DEFINITION_INVALID' });
    await expect(workflow.createRun()).rejects.toMatchObject({ code: 'WORKFLOW_RUNTIME_CLOSED' });
  });
});

describe('who is let in', () => {
  const hosts = (port: string): [string, number][] => [
    [`127.0.0.1:${port}`, 200],
    [`localhost:${port}`, 200],
    [`LOCALHOST:${port}`, 200],
    ['127.0.0.1', 403],
    ['127.0.0.1:1', 403],
    [`127.0.0.1:1${port}`, 400],
    [`attacker.test:${port}`, 403],
    [`localhost.attacker.test:${port}`, 403],
    [`127.0.0.1:${port}.attacker.test`, 400],
  ];

  test('by the name it is called under', async () => {
    const server = await start();
    for (const [host, status] of hosts(portOf(server))) {
      const answer = await send(`${server.url}/runs`, { headers: { host } });
      expect([host, answer.status]).toEqual([host, status]);
      if (status === 403)
        expect(JSON.parse(answer.text)).toMatchObject({ code: 'HTTP_HOST_REFUSED', status });
    }
  });

  test('by the origin of the page', async () => {
    const server = await start();
    const port = portOf(server);
    const origins: [string, number][] = [
      [`http://127.0.0.1:${port}`, 200],
      [`http://localhost:${port}`, 200],
      [`https://127.0.0.1:${port}`, 403],
      ['http://127.0.0.1', 403],
      ['http://attacker.test', 403],
      [`http://localhost:${port}.attacker.test`, 403],
      ['null', 403],
    ];
    for (const [origin, status] of origins) {
      const answer = await send(`${server.url}/runs`, { headers: { origin } });
      expect([origin, answer.status]).toEqual([origin, status]);
      if (status === 403)
        expect(JSON.parse(answer.text)).toMatchObject({ code: 'HTTP_ORIGIN_REFUSED', status });
    }
    const cancel = await send(`${server.url}/runs/a/cancel`, {
      method: 'POST',
      headers: { origin: 'http://attacker.test' },
    });
    expect(cancel.status).toBe(403);
  });

  test('by the token, when there is one', async () => {
    const { url } = await start({ token: 's3cret' });
    const attempts: [string | undefined, number][] = [
      [undefined, 401],
      ['Bearer', 401],
      ['Bearer s3cre', 401],
      ['Bearer s3cret2', 401],
      ['Basic s3cret', 401],
      ['Bearer s3cret', 200],
      ['bearer s3cret', 200],
    ];
    for (const [authorization, status] of attempts) {
      const answer = await send(
        `${url}/runs`,
        authorization === undefined ? {} : { headers: { authorization } },
      );
      expect([authorization, answer.status]).toEqual([authorization, status]);
      expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
    }
    expect((await send(`${url}/health`)).status).toBe(200);
  });
});

describe('what cannot be started', () => {
  test('a port that is taken, before any file is made', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const file = newFile();
    await expect(startLocalServer({ workflows: [ordersWorkflow], file, port })).rejects.toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: expect.stringContaining(`Port ${port} of 127.0.0.1 is in use`),
      details: { port, reason: 'EADDRINUSE' },
      cause: expect.any(Error),
    });
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    { port: -1 },
    { port: 65_536 },
    { port: 1.5 },
    { token: '' },
    { token: 'two words' },
    { token: 'ü' },
  ])('the option %j', async (options) => {
    await expect(
      startLocalServer({ workflows: [ordersWorkflow], file: newFile(), ...options }),
    ).rejects.toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
      details: { field: Object.keys(options)[0] },
    });
  });

  test('workflows that cannot be served leave nothing open', async () => {
    const file = newFile();
    const workflows = [ordersWorkflow, ordersWorkflow];
    await expect(startLocalServer({ workflows, file })).rejects.toMatchObject({
      code: 'WORKFLOW_DEFINITION_INVALID',
    });
    await start({ file });
  });
});

describe('closing', () => {
  test('ends streams and waits, and lets running steps finish', async () => {
    const { workflow, begun, open } = gatedWorkflow();
    const file = newFile();
    const server = await start({ file, workflows: [workflow] });
    await fetch(`${server.url}/workflows/gated/runs`, post({ runId: 'a' }));
    await begun;
    const { cursor } = (await (await fetch(`${server.url}/runs/a/events`)).json()) as { cursor: string };
    const events = `${server.url}/runs/a/events?cursor=${cursor}&wait=25`;
    const stream = await fetch(events, { headers: { accept: 'text/event-stream' } });
    const reads = vi.spyOn(server.runtime, 'events');
    const settling = vi.spyOn(server.runtime, 'settled');
    const wait = fetch(events);
    await expect.poll(() => reads.mock.calls.length).toBe(1);
    const result = fetch(`${server.url}/runs/a/result?wait=25`);
    await expect.poll(() => settling.mock.calls.length).toBe(1);
    const closed = server.close();
    expect(await (await result).json()).toMatchObject({ runId: 'a', status: 'running' });
    expect(await stream.text()).toMatch(/^retry: 1000\n\n(?:: nothing new\n\n)?$/);
    expect(await (await wait).json()).toEqual({ events: [], cursor, done: false });
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
    open();
    await closed;
    const next = await start({ file, workflows: [workflow] });
    expect(await (await fetch(`${next.url}/runs/a`)).json()).toMatchObject({
      status: 'success',
      result: 'done',
    });
  });

  test('does not wait for connections that ask nothing', async () => {
    const server = await start({ graceMs: 3_600_000 });
    const silent = await openSocket(server.url);
    const kept = await openSocket(server.url);
    kept.write(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${portOf(server)}\r\n\r\n`);
    await fetch(`${server.url}/health`);
    await server.close();
    expect(await silent.closed).toBe('');
    expect(await kept.closed).toContain('{"status":"ok"}');
  });

  test('cuts off who never finishes a request', async () => {
    const server = await start({ graceMs: 1 });
    const slow = await openSocket(server.url);
    slow.write(
      `POST /runs/a/cancel HTTP/1.1\r\nHost: 127.0.0.1:${portOf(server)}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{`,
    );
    await fetch(`${server.url}/health`);
    await server.close();
    expect(await slow.closed).toBe('');
  });

  test('is done once, whoever asks how often', async () => {
    const server = await start();
    await Promise.all([server.close(), server.close()]);
    await server.close();
    await expect(server.runtime.list({ limit: 1 })).rejects.toMatchObject({
      code: 'WORKFLOW_RUNTIME_CLOSED',
    });
  });
});

test('what fails inside is told to the logger, not to the caller', async () => {
  const told: [string, unknown][] = [];
  const server = await start({ logger: { warn: (message, attributes) => told.push([message, attributes]) } });
  await server.runtime.close();
  const response = await fetch(`${server.url}/runs/a`);
  expect(response.status).toBe(503);
  expect(told).toEqual([
    ['GET /runs/a failed', { error: expect.objectContaining({ code: 'WORKFLOW_RUNTIME_CLOSED' }) }],
  ]);
});
