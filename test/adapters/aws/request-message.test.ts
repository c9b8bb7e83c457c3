import { describe, expect, test } from 'vitest';
import { environment } from '../../../src/adapters/aws/config.ts';
import { claimsOf, parseRequest, parseRequestEnvelope } from '../../../src/adapters/aws/request-message.ts';
import { readRequestSources } from '../../../src/adapters/aws/request-sources.ts';
import { isWorkflowError } from '../../../src/core/errors.ts';

/** What the rule of a source delivers. */
function delivered(type: string, detail: unknown, change: Record<string, unknown> = {}) {
  return {
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': type,
    source: 'shop',
    account: '123456789012',
    time: '2026-11-23T00:00:00Z',
    region: 'eu-central-1',
    resources: [],
    detail,
    ...change,
  };
}

function parsed(type: string, detail: unknown, change: Record<string, unknown> = {}) {
  return parseRequest(parseRequestEnvelope(delivered(type, detail, change)));
}

function errorOf(call: () => unknown): Error & { details: { issues?: readonly { path: string }[] } } {
  try {
    return new Error(`returned ${JSON.stringify(call())}`) as never;
  } catch (error) {
    if (isWorkflowError(error, 'WORKFLOW_ARGUMENT_INVALID', 'WORKFLOW_DEFINITION_INVALID')) return error;
    throw error;
  }
}

const long = 'x'.repeat(201);

describe('a request', () => {
  test('is read with its values as they came', () => {
    const values = JSON.parse('{ "__proto__": { "a": 1 }, "b": [null, { "$date": 1 }] }') as object;
    const detail = {
      workflowId: 'orders',
      runId: 'r/1 #?',
      inputData: values,
      initialState: values,
      requestContext: values,
      resourceId: 'shop-7',
      requestId: 'order-7',
    };
    expect(parsed('workflow.start', detail)).toEqual({
      type: 'workflow.start',
      source: 'shop',
      id: 'order-7',
      key: expect.stringMatching(/^event-[0-9a-f]{40}$/) as unknown,
      detail,
    });
    expect(JSON.stringify(parsed('workflow.start', detail).detail)).toBe(JSON.stringify(detail));
  });

  test('has a key that follows from its source and its id, and from nothing else', () => {
    const key = (detail: object, change = {}): string =>
      parsed('workflow.cancel', { runId: 'r', ...detail }, change).key;
    expect(key({})).toBe(key({ runId: 's' }, { time: 'later' }));
    expect(key({})).not.toBe(key({}, { id: 'another' }));
    expect(key({ requestId: 'a' })).toBe(key({ requestId: 'a' }, { id: 'another' }));
    expect(key({ requestId: 'a' })).not.toBe(key({ requestId: 'a' }, { source: 'store' }));
    expect(key({ requestId: 'b' }, { source: 'a' })).not.toBe(key({ requestId: 'a' }, { source: 'b' }));
  });

  test.each<[string, string, unknown, string]>([
    ['an engine’s event', 'workflow.step.run', { runId: 'r' }, 'detail-type'],
    ['a type that is inherited', 'toString', { runId: 'r' }, 'detail-type'],
    ['no detail', 'workflow.cancel', undefined, ''],
    ['text for a detail', 'workflow.cancel', 'r', ''],
    ['a run without an id', 'workflow.cancel', {}, 'runId'],
    ['an empty id', 'workflow.cancel', { runId: '' }, 'runId'],
    ['an id that is too long', 'workflow.resume', { runId: long }, 'runId'],
    ['an id of a schedule', 'workflow.start', { workflowId: 'w', runId: 'sched_w_1770000000000' }, 'runId'],
    ['an id that no URL can carry', 'workflow.start', { workflowId: 'w', runId: '..' }, 'runId'],
    ['half of a character', 'workflow.start', { workflowId: 'w', runId: 'a\uD800' }, 'runId'],
    ['a request id that is too long', 'workflow.start', { workflowId: 'w', requestId: long }, 'requestId'],
    ['a resource that is a number', 'workflow.start', { workflowId: 'w', resourceId: 7 }, 'resourceId'],
    ['state that is a list', 'workflow.start', { workflowId: 'w', initialState: [] }, 'initialState'],
    ['context that is nothing', 'workflow.resume', { runId: 'r', requestContext: null }, 'requestContext'],
    ['an item before the first', 'workflow.resume', { runId: 'r', forEachIndex: -1 }, 'forEachIndex'],
    ['an empty path', 'workflow.resume', { runId: 'r', step: [] }, 'step'],
    ['a fact of the engine', 'workflow.resume', { runId: 'r', epoch: 1, turn: '0001' }, ''],
    ['an owner', 'workflow.start', { workflowId: 'w', owner: 'somebody' }, ''],
    ['how the API names input', 'workflow.start', { workflowId: 'w', inputValue: 'x' }, ''],
  ])('is refused, naming the field: %s', (_, type, detail, path) => {
    const failure = errorOf(() => parsed(type, detail));
    expect(failure.details.issues?.map((issue) => issue.path)).toContain(path);
    expect(failure.message).not.toContain(long);
  });

  test.each([
    null,
    7,
    'text',
    {},
    { source: 'shop' },
    delivered('', {}),
    delivered('workflow.start', {}, { id: 7 }),
  ])('has the envelope of a rule: not %j', (message) => {
    expect(errorOf(() => parseRequestEnvelope(message)).message).toMatch(/no event of a rule/);
  });

  test('that is malformed says of itself what can be shown', () => {
    const claims = (detail: unknown) => claimsOf(parseRequestEnvelope(delivered('workflow.start', detail)));
    const id = '6a7e8feb-b491-4cf7-a9f1-bf3703467718';
    expect(claims({ runId: 'r', workflowId: long, requestId: 7, inputData: 'secret' })).toEqual({
      id,
      runId: 'r',
    });
    expect(claims({ requestId: 'mine', workflowId: 'w' })).toEqual({ id: 'mine', workflowId: 'w' });
    expect(claims(['r'])).toEqual({ id });
    expect(claims(undefined)).toEqual({ id });
  });
});

describe('the sources that may ask', () => {
  const read = (value: unknown) =>
    readRequestSources({
      [environment.requestSources]: typeof value === 'string' ? value : JSON.stringify(value),
    });

  test('are none where nobody names any', () => {
    expect(readRequestSources({})).toEqual([]);
    expect(read([])).toEqual([]);
  });

  test('are read', () => {
    const sources = [
      { source: 'shop' },
      { source: 'billing.eu', may: ['cancel'], workflows: ['orders'], owner: 'events:shop' },
    ];
    expect(read(sources)).toEqual(sources);
  });

  test.each<[string, unknown]>([
    ['no JSON', '[{'],
    ['no list', { source: 'shop' }],
    ['the engine itself', [{ source: 'evented-workflows' }]],
    ['a name of the engine', [{ source: 'evented-workflows.schedule' }]],
    ['one twice', [{ source: 'shop' }, { source: 'shop', may: ['start'] }]],
    ['one without a name', [{ source: '' }]],
    ['one whose owner would be too long', [{ source: 'x'.repeat(194) }]],
    ['one that may nothing', [{ source: 'shop', may: [] }]],
    ['one that may what there is not', [{ source: 'shop', may: ['delete'] }]],
    ['one without workflows', [{ source: 'shop', workflows: [] }]],
    ['a misspelled field', [{ source: 'shop', workflow: ['orders'] }]],
    ['too many', Array.from({ length: 51 }, (_, at) => ({ source: `shop-${at}` }))],
  ])('are refused when the function starts: %s', (_, value) => {
    expect(errorOf(() => read(value)).message).toContain(environment.requestSources);
  });
});
