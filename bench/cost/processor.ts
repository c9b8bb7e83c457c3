import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { createRuntime } from 'evented-workflows/runtime';
import { awsBackend } from '../../src/adapters/aws/index.ts';
import { bundleFunction } from '../../lib/bundle.ts';
import { startDynamoDbLocal } from '../../test/contract/dynamodb-local.ts';
import { median } from '../bare.ts';
import { putEvents, startCloud } from './cloud.ts';
import { prepareTable, tableName } from './measure.ts';
import { sequence } from './workloads.ts';

/**
 * `node --conditions=evented-workflows-source bench/cost/processor.ts [runs of 100 steps]`: what the processor itself takes, as it
 * is deployed, beside its clients alone, bundled in the same way and measured in turn. Machines differ and drift, ratios hold;
 * nothing is asserted. The services are other processes.
 */

const repository = join(import.meta.dirname, '../..');
mkdirSync(join(repository, '.cache'), { recursive: true });
const folder = mkdtempSync(join(repository, '.cache', 'processor-'));
const stepsOfRun = 100;

const environment = {
  EVENTED_TABLE: tableName,
  EVENTED_BUS: 'bus',
  EVENTED_BUCKET: 'bucket',
  EVENTED_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/work',
  EVENTED_HISTORY: 'none',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
};

const entry = `import { sequence } from ${JSON.stringify(join(import.meta.dirname, 'workloads.ts'))};
export const { workflows } = sequence(${stepsOfRun});`;

/** The requests of a step and nothing else, with as many bytes. */
const bare = `import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
const [dynamodb, eventbridge] = [new DynamoDBClient({}), new EventBridgeClient({})];
export const others = [new SQSClient({}), SendMessageCommand];
let steps = 0;
export async function handler() {
  const Key = { pk: { S: 'bare-' + (steps += 1) }, sk: { S: 'A' } };
  const update = { TableName: ${JSON.stringify(tableName)}, Key, UpdateExpression: 'SET #a = :a',
    ExpressionAttributeNames: { '#a': 'a' }, ExpressionAttributeValues: { ':a': { S: 'x'.repeat(200) } },
    ReturnValues: 'ALL_NEW' };
  await dynamodb.send(new GetItemCommand({ TableName: update.TableName, Key }));
  await dynamodb.send(new UpdateItemCommand(update));
  await dynamodb.send(new UpdateItemCommand(update));
  const Detail = JSON.stringify({ text: 'x'.repeat(300) });
  const sent = { Source: 'bench', DetailType: 'bench', Detail };
  await eventbridge.send(new PutEventsCommand({ Entries: [sent, sent] }));
}`;

async function bundled(
  name: string,
  module: string,
  author = 'export const workflows = [];',
): Promise<string> {
  const written = join(folder, `${name}-entry.ts`);
  writeFileSync(written, author);
  const outdir = join(folder, name);
  await bundleFunction(esbuild, { module, entry: written, outdir });
  return join(outdir, 'index.mjs');
}

/** Milliseconds that a fresh process takes to import a module. */
function importTime(file: string): number {
  const source = `const began = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)});
    process.stdout.write(String(performance.now() - began));`;
  const args = ['--input-type=module', '--eval', source];
  return Number(
    execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...environment } }),
  );
}

function imports(ours: string, clients: string): void {
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 21; turn += 1) {
    times[0].push(importTime(ours));
    times[1].push(importTime(clients));
  }
  const [own, others] = [median(times[0]), median(times[1])];
  console.log(
    `import: processor ${own.toFixed(0)} ms, the three clients ${others.toFixed(0)} ms: ${(own / others).toFixed(2)}x`,
  );
}

/** EventBridge by HTTP, whose rule fills the queue. */
async function startBus(queue: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    void text(request).then((body) => putEvents(queue, { body }).response.body.pipe(response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

/** A function in a process of its own. */
async function startFunction(
  file: string,
  endpoints: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'handler-process.ts'), [file], {
    execArgv: [],
    env: { ...process.env, ...environment, ...endpoints },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

/** CPU that the handling of one message takes, ms. */
async function handled(child: ChildProcess, body: string): Promise<number> {
  const record = { messageId: 'bench', body, attributes: { SentTimestamp: String(Date.now()) } };
  child.send({ Records: [record] });
  const [{ answer, ms }] = (await once(child, 'message')) as [
    { readonly answer?: { readonly batchItemFailures: readonly unknown[] }; readonly ms: number },
  ];
  if ((answer?.batchItemFailures.length ?? 0) > 0) throw new Error('The processor did not handle a message');
  return ms;
}

/** CPU that the two take for a message. Whoever is first finds the services asleep, so each is so every other time. */
async function inTurn(
  [ours, clients]: readonly [ChildProcess, ChildProcess],
  body: string,
  clientsFirst: boolean,
): Promise<readonly [number, number]> {
  const before = clientsFirst ? await handled(clients, body) : undefined;
  const own = await handled(ours, body);
  return [own, before ?? (await handled(clients, body))];
}

async function steps(ours: string, clients: string, runs: number): Promise<void> {
  const emulator = await startDynamoDbLocal(join(repository, '.cache'));
  const cloud = startCloud(emulator.endpoint);
  const bus = await startBus(cloud.queue);
  const endpoints = {
    AWS_ENDPOINT_URL_DYNAMODB: emulator.endpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: `http://127.0.0.1:${(bus.address() as AddressInfo).port}`,
  };
  const children = [await startFunction(ours, endpoints), await startFunction(clients, endpoints)] as const;
  try {
    await prepareTable(cloud);
    const queueUrl = environment.EVENTED_QUEUE_URL;
    const backend = awsBackend({
      tableName,
      busName: 'bus',
      queueUrl,
      bucket: 'bucket',
      history: 'none',
      clients: cloud.clients,
    });
    const { workflows, inputData } = sequence(stepsOfRun);
    const runtime = createRuntime({ workflows, backend });
    const sums: [number, number] = [0, 0];
    let count = 0;
    // The first two runs let the compiler see what is hot.
    for (let run = -2; run < runs; run += 1) {
      await runtime.start({ workflowId: workflows[0]?.id ?? '', inputData });
      for (let body = cloud.queue.shift(); body !== undefined; body = cloud.queue.shift()) {
        const [own, others] = await inTurn(children, body, count % 2 === 1);
        if (run < 0) continue;
        sums[0] += own;
        sums[1] += others;
        count += 1;
      }
    }
    await runtime.close();
    const [all, others] = [sums[0] / count, sums[1] / count];
    console.log(
      `CPU of a step (${count} of them): ${all.toFixed(2)} ms, its requests by the bare clients ${others.toFixed(2)} ms: ` +
        `${(all - others).toFixed(2)} ms are the processor's own`,
    );
  } finally {
    for (const child of children) child.kill();
    bus.closeAllConnections();
    bus.close();
    cloud.close();
    await emulator.stop();
  }
}

try {
  const processor = join(repository, 'lambdas/processor.ts');
  writeFileSync(join(folder, 'bare.ts'), bare);
  const clients = await bundled('bare', join(folder, 'bare.ts'));
  imports(await bundled('empty', processor), clients);
  await steps(await bundled('ours', processor, entry), clients, Number(process.argv[2] ?? 50));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
