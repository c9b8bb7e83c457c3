import { expect, test } from 'vitest';
import { objectOf, post, problemIn, realApp } from './fixtures.ts';

type Send = (
  key: string,
  body?: unknown,
  options?: { readonly workflow?: string; readonly who?: string },
) => Promise<Response>;

/** What a test needs of the OpenAPI document. */
interface Described {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly post: {
          readonly parameters: readonly {
            readonly name: string;
            readonly schema: { readonly pattern?: string };
          }[];
        };
      }
    >
  >;
}

function keyed(): Send {
  const { app } = realApp({ identify: (request) => request.headers.get('x-who') ?? 'Ada' });
  return async (key, body = { inputData: { pieces: 2 } }, { workflow = 'orders', who = 'Ada' } = {}) => {
    const headers = { 'idempotency-key': key, 'x-who': who };
    return app.request(`/workflows/${workflow}/runs`, post(body, headers));
  };
}

async function runIdOf(response: Response): Promise<string> {
  return String((await objectOf(response))['runId']);
}

test('the same key and body is the same run', async () => {
  const send = keyed();
  const first = await send('order 17');
  expect(first.status).toBe(201);
  const runId = await runIdOf(first);
  expect(runId).toMatch(/^key-[0-9a-f]{40}$/);
  expect(first.headers.get('location')).toBe(`/runs/${runId}`);
  const again = await send('order 17');
  expect([again.status, await again.json()]).toEqual([
    200,
    expect.objectContaining({ runId, changed: false }),
  ]);
});

test('starts that race under one key make one run', async () => {
  const send = keyed();
  const answers = await Promise.all(Array.from({ length: 8 }, () => send('k')));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    ...Array<number>(7).fill(200),
    201,
  ]);
  expect(new Set(await Promise.all(answers.map(runIdOf))).size).toBe(1);
});

test('the same key and another body is a conflict', async () => {
  const send = keyed();
  await send('k');
  const other = await problemIn(await send('k', { inputData: { pieces: 3 } }));
  expect(other).toMatchObject({ status: 409, code: 'WORKFLOW_RUN_CONFLICT' });
});

test('a key is one of its caller and workflow', async () => {
  const send = keyed();
  const answers = [
    await send('k'),
    await send('K'),
    await send('k', {}, { workflow: 'echo' }),
    await send('k', undefined, { who: 'Bob' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(new Set(await Promise.all(answers.map(runIdOf))).size).toBe(4);
});

test.each(['', 'ü', 'a\tb', 'x'.repeat(256)])('%j is no key', async (key) => {
  const refused = await problemIn(await keyed()(key));
  expect(refused).toMatchObject({
    status: 400,
    code: 'WORKFLOW_ARGUMENT_INVALID',
    details: { field: 'Idempotency-Key' },
  });
});

test('a key of 255 characters is one', async () => {
  expect((await keyed()('~'.repeat(255))).status).toBe(201);
});

test('the document takes the keys that the server takes', async () => {
  const { app } = realApp();
  const { paths } = (await objectOf(await app.request('/openapi.json'))) as unknown as Described;
  const parameters = paths['/workflows/{workflowId}/runs']?.post.parameters ?? [];
  const key = new RegExp(parameters.find(({ name }) => name === 'Idempotency-Key')?.schema.pattern ?? '');
  for (const taken of ['a b', '!', '~'.repeat(255)]) {
    expect([key.test(taken), (await keyed()(taken)).status]).toEqual([true, 201]);
  }
  for (const refused of ['ü', 'a\tb']) {
    expect([key.test(refused), (await keyed()(refused)).status]).toEqual([false, 400]);
  }
});

test('a key and a run id are two names of one run', async () => {
  const refused = await problemIn(await keyed()('k', { runId: 'a', inputData: { pieces: 2 } }));
  expect(refused).toMatchObject({ status: 400, code: 'WORKFLOW_ARGUMENT_INVALID' });
});
