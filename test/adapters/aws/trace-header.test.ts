import { expect, test } from 'vitest';
import { traceHeaderOf } from '../../../src/adapters/aws/trace-header.ts';

test('the header is that of the invocation, which changes', () => {
  const variables: Record<string, string> = {};
  const header = traceHeaderOf(variables);
  expect(header()).toBeUndefined();
  for (const id of ['1', '2']) {
    const value = `Root=1-5759e988-bd862e3fe1be46a99427279${id};Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a:0`;
    variables['_X_AMZN_TRACE_ID'] = value;
    expect(header()).toBe(value);
  }
});

test.each(['', ' ', 'Root=1\r\nx', `Root=${'1'.repeat(500)}`])('%j is left out', (value) => {
  expect(traceHeaderOf({ _X_AMZN_TRACE_ID: value })()).toBeUndefined();
});
