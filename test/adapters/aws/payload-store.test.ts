import { S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { keptObjects } from '../../../src/adapters/aws/config.ts';
import { s3PayloadRemoval, s3PayloadStore } from '../../../src/adapters/aws/payload-store.ts';
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
