import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { build } from 'esbuild';
import { startDynamoDbLocal } from '../../test/contract/dynamodb-local.ts';
import { median } from '../bare.ts';
import { startCloud } from './cloud.ts';
import { measureRun, prepareTable } from './measure.ts';
import { sequence } from './workloads.ts';

/**
 * `node --conditions=evented-workflows-source bench/cost/processor.ts`: what the processor itself takes, beside its clients
 * alone, measured in turn in one run. Machines differ and drift, ratios hold; nothing is asserted.
 */

const repository = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(repository, '.cache', 'processor-'));

const environment = {
  EVENTED_TABLE: 'table',
  EVENTED_BUS: 'bus',
  EVENTED_BUCKET: 'bucket',
  EVENTED_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/work',
  AWS_REGION: 'us-east-1',
};

async function bundled(name: string, source: string): Promise<string> {
  const entry = join(folder, `${name}-entry.ts`);
  writeFileSync(entry, 'export const workflows = [];');
  const input = join(folder, `${name}-input.ts`);
  writeFileSync(input, source);
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [input],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    alias: { 'evented-workflows:entry': entry },
    conditions: ['evented-workflows-source'],
    logLevel: 'error',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  return outfile;
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

async function imports(): Promise<void> {
  const ours = await bundled(
    'ours',
    `export * from ${JSON.stringify(join(repository, 'lambdas/processor.ts'))};`,
  );
  const bare = await bundled(
    'bare',
    `import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
    import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
    import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
    export const clients = [new DynamoDBClient({}), new EventBridgeClient({}), new SQSClient({})];
    export const commands = [UpdateItemCommand, PutEventsCommand, SendMessageCommand];`,
  );
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 11; turn += 1) {
    times[0].push(importTime(ours));
    times[1].push(importTime(bare));
  }
  const [own, clients] = [median(times[0]), median(times[1])];
  console.log(
    `import: processor ${own.toFixed(0)} ms, the three clients ${clients.toFixed(0)} ms: ${(own / clients).toFixed(2)}x`,
  );
}

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** CPU of a step through the runtime and the adapters, and of the requests that it makes, sent by the bare clients. */
async function steps(count: number): Promise<void> {
  const emulator = await startDynamoDbLocal(join(repository, '.cache'));
  const cloud = startCloud(emulator.endpoint);
  try {
    await prepareTable(cloud);
    const { dynamodb, eventbridge } = cloud.clients;
    const setting = { stepEnds: true, history: 'none' } as const;
    await measureRun(cloud, sequence(20, 'warm'), setting);
    const began = cpu();
    await measureRun(cloud, sequence(count), setting);
    const between = cpu();
    for (let step = 0; step < count; step += 1) {
      const key = { pk: { S: `bare-${step}` }, sk: { S: 'A' } };
      const update = {
        TableName: 'cost',
        Key: key,
        UpdateExpression: 'SET #a = :a',
        ExpressionAttributeNames: { '#a': 'a' },
        ExpressionAttributeValues: { ':a': { S: 'x'.repeat(200) } },
        ReturnValues: 'ALL_NEW' as const,
      };
      await dynamodb?.send(new GetItemCommand({ TableName: 'cost', Key: key }));
      await dynamodb?.send(new UpdateItemCommand(update));
      await dynamodb?.send(new UpdateItemCommand(update));
      const entry = {
        Source: 'bench',
        DetailType: 'bench',
        Detail: JSON.stringify({ text: 'x'.repeat(300) }),
      };
      await eventbridge?.send(new PutEventsCommand({ Entries: [entry, entry] }));
    }
    const [all, bare] = [(between - began) / count, (cpu() - between) / count];
    console.log(
      `CPU of a step: ${all.toFixed(2)} ms, its requests by the bare clients ${bare.toFixed(2)} ms: ` +
        `${(all - bare).toFixed(2)} ms are the processor's own`,
    );
  } finally {
    cloud.close();
    await emulator.stop();
  }
}

try {
  await imports();
  await steps(Number(process.argv[2] ?? 1_000));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
