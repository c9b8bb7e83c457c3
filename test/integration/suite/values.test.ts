import { createHash } from 'node:crypto';
import { createClient } from 'evented-workflows/client';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '../../../src/core/limits.ts';
import { defaultBodyLimits } from '../../../src/http/index.ts';
import { answerBytes } from '../../../src/http/references.ts';
import { base, call, isAws, sign, start } from '../deployed.ts';
import type { workflows } from '../stacks/workflows.ts';

/** Values that no answer of a function can have in it, and those that are refused. */

const client = createClient<typeof workflows>({ url: base, ...(sign && { sign }) });

describe('a step result of 20 MB', () => {
  const size = 20_000_000;
  const text = 'x'.repeat(size);
  let runId: string;

  test('goes to the next step, and the client reads it', async () => {
    const run = await client.workflow('large').start({ inputData: { size } });
    runId = run.runId;
    const result = await run.result();
    expect(result).toMatchObject({ status: 'success', result: { size } });
    const produced = result.steps['produce'];
    // Not compared by the assertion, whose report would have both of them.
    expect(produced?.status === 'success' && produced.output === text).toBe(true);
  });

  test('is found by whoever follows the redirection, without the rights to the API', async () => {
    const { body } = await call('GET', `/runs/${runId}?fields=steps`);
    const reference = z.object({ $value: z.object({ href: z.string(), bytes: z.number() }) });
    const { steps } = z.object({ steps: z.object({ produce: z.object({ output: reference }) }) }).parse(body);
    const { href, bytes } = steps.produce.output.$value;
    expect(bytes).toBe(size + '""'.length);
    expect(bytes).toBeGreaterThan(answerBytes);
    const request = new Request(`${base}${href}`, { redirect: 'manual' });
    const redirection = await fetch(sign === undefined ? request : await sign(request));
    expect(redirection.status).toBe(307);
    const answer = await fetch(redirection.headers.get('location') ?? '');
    expect(answer.status).toBe(200);
    expect((await answer.text()) === JSON.stringify(text)).toBe(true);
  });
});

describe('a value that is too large', () => {
  test('is refused with the limit when a request brings it', async () => {
    const inputData = { csv: ' '.repeat(defaultBodyLimits.bytes) };
    const { status, body } = await call('POST', '/workflows/orders/runs', { inputData });
    // On AWS, the gateway refuses what Lambda would not take, and says so in its own words.
    expect({ status, body }).toMatchObject(
      isAws ? { status: 413 } : { status: 413, body: { code: 'WORKFLOW_LIMIT_EXCEEDED', status: 413 } },
    );
  });

  test('is refused with the limit when it is to be sent ahead', async () => {
    const bytes = limits.valueBytes + 1;
    const sha256 = createHash('sha256').update('anything').digest('hex');
    const path = `/runs/oversized-${crypto.randomUUID()}/values/${sha256}/link`;
    expect(await call('POST', path, { bytes })).toMatchObject({
      status: 413,
      body: { code: 'WORKFLOW_LIMIT_EXCEEDED' },
    });
  });

  test('is refused when it is nested too deeply to be stored', async () => {
    const deep = `${'['.repeat(limits.valueDepth + 1)}${']'.repeat(limits.valueDepth + 1)}`;
    const inputData: unknown = JSON.parse(deep);
    expect(await call('POST', '/workflows/orders/runs', { inputData })).toMatchObject({
      status: 413,
      body: { code: 'WORKFLOW_LIMIT_EXCEEDED' },
    });
  });

  test('fails the step whose result it is', async () => {
    const runId = await start('large', { size: limits.valueBytes + 1 });
    const result = () => call('GET', `/runs/${runId}/result?wait=20`);
    await expect
      .poll(result, { timeout: 90_000, interval: 0 })
      .toMatchObject({ body: { status: 'failed', error: { code: 'WORKFLOW_LIMIT_EXCEEDED' } } });
  });
});
