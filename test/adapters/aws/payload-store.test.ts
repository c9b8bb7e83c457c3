import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { keptObjects } from '../../../src/adapters/aws/config.ts';
import { s3PayloadRemoval, s3PayloadStore } from '../../../src/adapters/aws/payload-store.ts';
import { refusalBackoff } from '../../../src/adapters/aws/retry.ts';
import { instantPacing } from './pacing.ts';
import { startObjectServer } from '../../contract/object-server.ts';

async function open() {
  const { endpoint, close } = await startObjectServer();
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  const s3 = new S3Client({ endpoint, region: 'eu-central-1', credentials, forcePathStyle: true });
  onTestFinished(async () => {
    s3.destroy();
    await close();
  });
  const options = { client: async () => s3, bucket: 'payloads', pacing: instantPacing() };
  return { payloads: s3PayloadStore(options), remove: s3PayloadRemoval(options), endpoint };
}

test('what is sent ahead of a run lies under the prefix that the rule of the bucket removes', async () => {
  const { payloads, endpoint } = await open();
  await payloads.keep('run', 'name', '1', 0);
  const object = await fetch(`${endpoint}/payloads/${keptObjects.prefix}run/name`);
  expect(await object.text()).toBe('1');
  expect(payloads.dropKept).toBeUndefined();
});

test('is apart from payloads, and goes with its run and with no other', async () => {
  const { payloads, remove } = await open();
  const runs = ['run', 'run 2', 'ü', '~kept', 'kept', 'ru'];
  for (const run of runs) {
    await payloads.put(run, 'name', `"payload of ${run}"`);
    for (const name of ['name', 'a', 'b', 'c']) await payloads.keep(run, name, `"${name} for ${run}"`, 0);
  }
  for (const run of runs) {
    expect(await payloads.get(run, 'name')).toBe(`"payload of ${run}"`);
    expect(await payloads.kept(run, 'name')).toBe(`"name for ${run}"`);
    expect(await payloads.kept(run, 'none')).toBeUndefined();
  }
  await remove('run');
  for (const name of ['name', 'a', 'b', 'c']) expect(await payloads.kept('run', name)).toBeUndefined();
  await expect(payloads.get('run', 'name')).rejects.toMatchObject({ code: 'WORKFLOW_RECORD_CORRUPT' });
  for (const run of runs.slice(1)) expect(await payloads.kept(run, 'c')).toBe(`"c for ${run}"`);
});

/** A store whose requests are answered one after the other by these. */
async function answering(...answers: ((response: ServerResponse) => void)[]) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      answers.shift()?.(response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    forcePathStyle: true,
    // One try of the client's for each of ours.
    maxAttempts: 1,
  });
  onTestFinished(() => {
    s3.destroy();
    server.close();
    server.closeAllConnections();
  });
  const pacing = instantPacing();
  const options = { client: async () => s3, bucket: 'payloads', pacing };
  return { payloads: s3PayloadStore(options), remove: s3PayloadRemoval(options), requests, pacing };
}

const slowDown = (response: ServerResponse): void => {
  response.writeHead(503).end('<Error><Code>SlowDown</Code><Message>slow down</Message></Error>');
};
const listed = (...keys: string[]) => {
  const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
  return (response: ServerResponse): void => {
    response.end(`<ListBucketResult>${contents}</ListBucketResult>`);
  };
};
const leftOver = (code: string, ...keys: string[]) => {
  const errors = keys.map((key) => `<Error><Key>${key}</Key><Code>${code}</Code></Error>`).join('');
  return (response: ServerResponse): void => {
    response.end(`<DeleteResult>${errors}</DeleteResult>`);
  };
};

test('a payload whose answer breaks off in the middle is read again', async () => {
  const { payloads } = await answering(
    (response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('"abc', () => response.destroy());
    },
    (response) => response.end('"abcdefgh"'),
  );
  expect(await payloads.get('run', 'hash')).toBe('"abcdefgh"');
});

test('a service that has no capacity is asked again, for a while', async () => {
  const { payloads, pacing } = await answering(slowDown, slowDown, (response) => response.end());
  await payloads.put('run', 'hash', '1');
  expect(pacing.pauses).toEqual([refusalBackoff.baseMs, 2 * refusalBackoff.baseMs]);
  const refused = await answering(...Array.from({ length: 20 }, () => slowDown));
  await expect(refused.payloads.get('run', 'hash')).rejects.toMatchObject({
    code: 'WORKFLOW_BACKEND_UNAVAILABLE',
  });
  expect(refused.requests).toHaveLength(refusalBackoff.tries);
});

test('what a deletion leaves over is deleted by the next one', async () => {
  const { remove, requests, pacing } = await answering(
    listed('run/a', 'run/b'),
    leftOver('InternalError', 'run/b'),
    listed('run/b'),
    leftOver(''),
    listed(),
    listed(),
  );
  await remove('run');
  expect(requests).toHaveLength(6);
  expect(pacing.pauses).toEqual([refusalBackoff.baseMs]);
});

test('a deletion that may not be done is not tried again', async () => {
  const { remove, requests } = await answering(listed('run/a'), leftOver('AccessDenied', 'run/a'));
  await expect(remove('run')).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
  expect(requests).toHaveLength(2);
});
