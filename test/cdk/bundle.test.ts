import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as esbuild from 'esbuild';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { bundleFunction } from '../../lib/bundle.ts';
import { environment } from '../../src/adapters/aws/config.ts';
import { captureLog, context } from '../lambdas/log.ts';
import { createStack, resourcesOf } from './synth.ts';

// As Node loads them: the test runner would transform all of a bundle.
const require = createRequire(import.meta.url);

// In the repository, where the entries find what they import.
mkdirSync('.cache', { recursive: true });
const folder = mkdtempSync(join('.cache', 'bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  for (const name of [environment.table, environment.bus, environment.bucket]) vi.stubEnv(name, 'name');
  vi.stubEnv(environment.queueUrl, 'https://sqs.eu-central-1.amazonaws.com/123456789012/work');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  return () => vi.unstubAllEnvs();
});

type Handler = (event: unknown, context: unknown) => Promise<Record<string, unknown>>;

/** Deploys nothing, but bundles both functions with this module as entry; loads one of them. */
function bundle(name: string, source: string): (description: string) => Promise<{ handler: Handler }> {
  const entry = join(folder, `${name}.ts`);
  writeFileSync(entry, source);
  const app = new App({ outdir: join(folder, name), analyticsReporting: false });
  const stack = createStack({ entry }, app);
  const { directory } = app.synth();
  const functions = resourcesOf(Template.fromStack(stack), 'AWS::Lambda::Function');
  return async (description) => {
    const code = functions.find(({ Properties }) => Properties.Description === description)?.Properties.Code;
    const hash = /"S3Key":"(\w+)\.zip"/.exec(JSON.stringify(code))?.[1];
    const assets = readdirSync(directory).filter((file) => file === `asset.${hash}`);
    expect(assets).toHaveLength(1);
    return require(resolve(directory, String(assets[0]), 'index.mjs')) as { handler: Handler };
  };
}

const API = 'Starts, resumes, cancels and reads workflows';
const PROCESSOR = 'Handles the events of workflows';

/** A request as API Gateway hands it on. */
function request(path: string, authorizer?: unknown): unknown {
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: {},
    requestContext: { domainName: 'api.example', http: { method: 'GET', path }, authorizer },
  };
}

const signed = { iam: { userArn: 'arn:aws:iam::123456789012:user/ann' } };

describe('the bundled functions', () => {
  const load = bundle(
    'workflows',
    `import { createStep, createWorkflow } from 'evented-workflows';
    import { z } from 'zod';
    const step = createStep({ id: 's', inputSchema: z.any(), outputSchema: z.any(), execute: async () => 1 });
    export default [
      createWorkflow({ id: 'bundled', inputSchema: z.any(), outputSchema: z.any() })
        .dountil(step, async ({ inputData }) => inputData === 1)
        .commit(),
    ];`,
  );

  // Its default here; the integration tests deploy an entry that exports them by name.
  test('serve the workflows of the entry', async () => {
    vi.stubEnv(environment.auth, 'iam');
    const { handler } = await load(API);
    const answer = await handler(request('/workflows', signed), context);
    expect(answer).toMatchObject({ statusCode: 200 });
    expect(JSON.parse(String(answer.body))).toEqual({ workflows: [{ id: 'bundled' }] });
  });

  // Short names are for what is not the author's.
  test('show the functions of the entry as they were written', async () => {
    vi.stubEnv(environment.auth, 'iam');
    const { handler } = await load(API);
    const answer = await handler(request('/workflows/bundled', signed), context);
    expect(answer).toMatchObject({ statusCode: 200 });
    expect(String(answer.body)).toContain('async({inputData})=>inputData===1');
  });

  test('answer nobody whom API Gateway did not authenticate', async () => {
    vi.stubEnv(environment.auth, 'iam');
    const { handler } = await load(API);
    const answer = await handler(request('/workflows'), context);
    expect(answer).toMatchObject({ statusCode: 401 });
    expect(JSON.parse(String(answer.body))).toMatchObject({ code: 'WORKFLOW_UNAUTHENTICATED' });
  });

  test('have a message that cannot be read come again, and end as a dead letter', async () => {
    const written = captureLog();
    const { handler } = await load(PROCESSOR);
    const record = { messageId: 'unreadable', body: 'no event', attributes: {} };
    expect(await handler({ Records: [record] }, context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'unreadable' }],
    });
    expect(written().filter(({ level }) => level === 'ERROR')).toHaveLength(1);
  });
});

test('an entry without workflows says what to write', async () => {
  const entry = join(folder, 'none.ts');
  writeFileSync(entry, 'export const flows = [];');
  const outdir = join(folder, 'none');
  await bundleFunction(esbuild, { module: resolve('lambdas/processor.ts'), entry, outdir });
  expect(() => require(resolve(outdir, 'index.mjs'))).toThrow(
    /undefined where its workflows should be; write export const/,
  );
});

test('an entry that cannot be bundled fails the synthesis with the reason', () => {
  expect(() => bundle('broken', "import './missing.ts';")).toThrow(
    /broken\.ts was not bundled .*Could not resolve "\.\/missing\.ts"/s,
  );
});
