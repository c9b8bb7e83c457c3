import { createHash } from 'node:crypto';
import { signer } from 'evented-workflows/client/sigv4';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Access, routes } from '../../../lib/routes.ts';
import { type Call, callerOf, outputsOf, reaches, region, stackName, urlOf } from '../deployed.ts';
import { grants, roleOutput } from '../roles.ts';
import { addUser, assumeRole } from '../signed-calls.ts';
import { askedUnder } from '../stacks/asking.ts';

/** A call of a route, and what it is answered to the run's owner and to somebody else who may use the API. */
interface Attempt {
  readonly route: string;
  readonly body?: unknown;
  readonly query?: string;
  readonly owner: number;
  readonly other: number;
}

const kept = { pieces: 3 };
const hash = createHash('sha256').update(JSON.stringify(kept)).digest('hex');
const inputData = { text: 'May I?' };
/** Names a value that is in no answer: a run shows what is as small as it is. */
const notShown = `?of=run&at=/payload&sha256=${hash}`;

/** Every route, in an order in which a run can go through all of them: others are tried before its owner. */
const attempts: readonly Attempt[] = [
  { route: 'GET /health', owner: 200, other: 200 },
  { route: 'GET /openapi.json', owner: 200, other: 200 },
  { route: 'GET /docs', owner: 200, other: 200 },
  { route: 'GET /workflows', owner: 200, other: 200 },
  { route: 'GET /workflows/{workflowId}', owner: 200, other: 200 },
  // The same start again: its owner is told that there is such a run, and nobody else is.
  { route: 'POST /workflows/{workflowId}/runs', owner: 200, other: 403 },
  { route: 'GET /runs', owner: 200, other: 200 },
  { route: 'GET /runs/{runId}', owner: 200, other: 403 },
  { route: 'GET /runs/{runId}/result', owner: 200, other: 403 },
  { route: 'GET /runs/{runId}/events', owner: 200, other: 403 },
  { route: 'GET /runs/{runId}/history', owner: 200, other: 403 },
  { route: 'PUT /runs/{runId}/values/{sha256}', body: kept, owner: 204, other: 403 },
  { route: 'POST /runs/{runId}/values/{sha256}/link', body: { bytes: 12 }, owner: 200, other: 403 },
  { route: 'GET /runs/{runId}/value', query: notShown, owner: 404, other: 403 },
  { route: 'GET /runs/{runId}/value/link', query: notShown, owner: 404, other: 403 },
  // A key finds runs of the caller alone; the run is resumed by it.
  { route: 'POST /resume', body: { resumeData: { answer: 'yes' } }, owner: 200, other: 404 },
  { route: 'POST /runs/{runId}/resume', body: { resumeData: { answer: 'no' } }, owner: 409, other: 403 },
  { route: 'POST /runs/{runId}/time-travel', body: { step: 'ask', inputData }, owner: 200, other: 403 },
  // Only what runs can be restarted.
  { route: 'POST /runs/{runId}/restart', body: {}, owner: 409, other: 403 },
  { route: 'POST /runs/{runId}/cancel', owner: 200, other: 403 },
  { route: 'DELETE /runs/{runId}', owner: 204, other: 403 },
];

/** Tries a route on a run. */
async function attempt(as: Call, { route, body, query = '' }: Attempt, runId: string) {
  const [method = '', template = ''] = route.split(' ');
  const path = template.replace('{workflowId}', 'asking').replace('{runId}', runId).replace('{sha256}', hash);
  const more = route.startsWith('POST /workflows') ? { runId, inputData } : { key: askedUnder(runId) };
  const isNamedInBody = !route.includes('{runId}') && method === 'POST';
  return await as(method, `${path}${query}`, isNamedInBody ? { ...(body as object), ...more } : body);
}

test('every route is tried', () => {
  expect(attempts.map(({ route }) => route).toSorted()).toEqual(
    routes.map(({ method, path }) => `${method} ${path}`).toSorted(),
  );
});

/** What is the same however callers are told apart. */
function matrix(
  prepare: () => Promise<{ owner: Call; other: Call; refused: Record<string, [Call, number]> }>,
) {
  let callers: Awaited<ReturnType<typeof prepare>>;
  const runId = `owned-${crypto.randomUUID()}`;

  beforeAll(async () => {
    callers = await prepare();
  });

  test('the owner starts a run', async () => {
    const started = await callers.owner('POST', '/workflows/asking/runs', { runId, inputData });
    expect(started).toMatchObject({ status: 201, body: { runId } });
    await reaches(runId, 'suspended', { as: callers.owner });
  });

  test('nobody gets past the gateway by any route', async () => {
    expect(Object.keys(callers.refused).length).toBeGreaterThan(1);
    for (const [who, [as, status]] of Object.entries(callers.refused)) {
      const answers = await Promise.all(attempts.map((one) => attempt(as, one, runId)));
      expect(answers.map((answer, at) => [attempts[at]?.route, answer.status, answer.body.code])).toEqual(
        attempts.map(({ route }) => [route, status, undefined]),
      );
      expect({ who, messages: answers.every(({ body }) => typeof body.message === 'string') }).toEqual({
        who,
        messages: true,
      });
    }
  });

  test.each(attempts)('$route is answered $other to another caller', async (one) => {
    const { status, body } = await attempt(callers.other, one, runId);
    expect({ status, body }).toMatchObject({ status: one.other });
    if (one.other === 403) expect(body).toMatchObject({ code: 'WORKFLOW_RUN_FORBIDDEN' });
  });

  test('another caller finds no run of the owner, and has changed none', async () => {
    expect((await callers.other('GET', '/runs')).body.runs).toEqual([]);
    expect((await callers.owner('GET', '/runs')).body.runs).toContainEqual(
      expect.objectContaining({ runId, status: 'suspended' }),
    );
  });

  test.each(attempts)('$route is answered $owner to the owner', async (one) => {
    const { status, body } = await attempt(callers.owner, one, runId);
    expect({ status, body }).toMatchObject({ status: one.owner });
    if (one.route === 'POST /resume') await reaches(runId, 'success', { as: callers.owner });
    if (one.route.endsWith('/time-travel')) await reaches(runId, 'suspended', { as: callers.owner });
  });
}

describe('callers who are AWS principals', () => {
  const outputs = outputsOf(`${stackName}Iam`);
  const url = urlOf(outputs);
  const roleCaller = async (name: string) =>
    callerOf(url, signer({ region, credentials: await assumeRole(outputs[roleOutput(name)] ?? '') }));

  matrix(async () => {
    const owner = await assumeRole(outputs[roleOutput('Owner')] ?? '');
    const forged = signer({ region, credentials: { ...owner, secretAccessKey: 'not-the-secret' } });
    return {
      owner: callerOf(url, signer({ region, credentials: owner })),
      other: await roleCaller('Other'),
      refused: {
        'a role without a grant': [await roleCaller('Nobody'), 403],
        'a wrong signature': [callerOf(url, forged), 403],
        'no signature': [callerOf(url), 403],
      },
    };
  });

  const accesses = Object.keys(grants) as Access[];
  test.each(accesses)('the grant to %s opens its own routes and no others', async (access) => {
    const granted = await roleCaller(grants[access]);
    const isOpen = async ({ method, path }: (typeof routes)[number]) => {
      const route = `${method} ${path}`;
      const one = attempts.find((each) => each.route === route);
      if (one === undefined) throw new Error(`${route} is not tried`);
      const { status, body } = await attempt(granted, one, `nothing-${crypto.randomUUID()}`);
      // What the function refuses has a code; what the gateway refuses has none.
      return !(status === 403 && body.code === undefined);
    };
    const opened: string[] = [];
    for (const route of routes) if (await isOpen(route)) opened.push(`${route.method} ${route.path}`);
    expect(opened).toEqual(
      routes.filter((route) => route.access.includes(access)).map(({ method, path }) => `${method} ${path}`),
    );
  });
});

describe('callers with a token', () => {
  const outputs = outputsOf(`${stackName}Jwt`);
  const url = urlOf(outputs);
  const { PoolId = '', ClientId = '', OtherClientId = '' } = outputs;
  const bearer = (token: string) =>
    callerOf(url, async (request) => {
      request.headers.set('authorization', `Bearer ${token}`);
      return request;
    });

  matrix(async () => {
    const [ownerTokens, otherTokens] = await Promise.all(
      ['owner', 'other'].map((name) => addUser(PoolId, `${name}-${crypto.randomUUID()}`)),
    );
    if (ownerTokens === undefined || otherTokens === undefined) throw new Error('there are no users');
    const token = await ownerTokens(ClientId);
    const [head = '', claims = '', signature = ''] = token.split('.');
    const other = await otherTokens(ClientId);
    return {
      owner: bearer(token),
      other: bearer(other),
      refused: {
        'no token': [callerOf(url), 401],
        'what is no token': [bearer('token'), 401],
        'the signature of another token': [bearer(`${head}.${claims}.${other.split('.')[2]}`), 401],
        'claims of another token': [bearer(`${head}.${other.split('.')[1]}.${signature}`), 401],
        'a token for another audience': [bearer(await ownerTokens(OtherClientId)), 401],
      },
    };
  });
});
