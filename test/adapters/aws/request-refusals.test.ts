import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { requestRefusals } from '../../../src/adapters/aws/request-refusals.ts';
import type { RequestRefused } from '../../../src/events/index.ts';
import { instantPacing } from './pacing.ts';

const service = mockClient(EventBridgeClient);

// Other files of this worker use the client as it is.
afterAll(() => service.restore());

beforeEach(() => {
  service.reset();
});

const refusal: RequestRefused = {
  type: 'workflow.request.refused',
  work: false,
  id: 'order-7',
  source: 'shop',
  request: 'workflow.start',
  code: 'WORKFLOW_NOT_FOUND',
  message: 'No such workflow',
  workflowId: 'orders',
  time: 7,
};

const refuse = () =>
  requestRefusals({
    busName: 'bus',
    client: new EventBridgeClient({ region: 'us-east-1' }),
    pacing: instantPacing(),
  });

test('an answer goes to the bus under the name of the engine', async () => {
  service.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'id' }] });
  await refuse()(refusal);
  const [call] = service.commandCalls(PutEventsCommand);
  const [entry, ...others] = call?.args[0].input.Entries ?? [];
  expect(others).toEqual([]);
  expect(entry).toMatchObject({
    EventBusName: 'bus',
    Source: 'evented-workflows',
    DetailType: 'workflow.request.refused',
  });
  expect(JSON.parse(entry?.Detail ?? '')).toEqual(refusal);
});

test('an answer that the bus refuses is put again, and at last rejects', async () => {
  service
    .on(PutEventsCommand)
    .resolvesOnce({ Entries: [{ ErrorCode: 'ThrottlingException' }] })
    .resolves({ Entries: [{ EventId: 'id' }] });
  await refuse()(refusal);
  expect(service.commandCalls(PutEventsCommand)).toHaveLength(2);
  service.reset();
  service.on(PutEventsCommand).resolves({ Entries: [{ ErrorCode: 'NotAuthorizedForSourceException' }] });
  await expect(refuse()(refusal)).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
});
