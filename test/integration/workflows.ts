import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { ordersWorkflow } from '../../examples/orders/workflow.ts';

/** The module given to the deployed functions: the example, and what is needed to see a worker die. */

const database = new DynamoDBClient({});

/** Counts the executions of a body where it survives the process. Returns how many there were, this one included. */
async function execution(runId: string, stepId: string): Promise<number> {
  const { Attributes } = await database.send(
    new UpdateItemCommand({
      TableName: process.env.EVENTED_TABLE,
      Key: { pk: { S: `executions#${runId}` }, sk: { S: stepId } },
      UpdateExpression: 'ADD executions :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ReturnValues: 'UPDATED_NEW',
    }),
  );
  return Number(Attributes?.executions?.N);
}

const trail = z.array(z.string());

/** Adds its name to a list, and is counted. */
function countedStep(id: string, body: (executions: number) => void = () => {}) {
  return createStep({
    id,
    inputSchema: trail,
    outputSchema: trail,
    execute: async ({ inputData, runId }) => {
      body(await execution(runId, id));
      return [...inputData, id];
    },
  });
}

const crash = createWorkflow({ id: 'crash', inputSchema: trail, outputSchema: trail })
  .then(countedStep('before'))
  .then(
    countedStep('fragile', (executions) => {
      if (executions === 1) process.kill(process.pid, 'SIGKILL');
    }),
  )
  .then(countedStep('after'))
  .commit();

const large = createWorkflow({
  id: 'large',
  inputSchema: z.object({ size: z.number().int() }),
  outputSchema: z.object({ size: z.number().int() }),
})
  .then(
    createStep({
      id: 'produce',
      inputSchema: z.object({ size: z.number().int() }),
      outputSchema: z.string(),
      execute: async ({ inputData }) => 'x'.repeat(inputData.size),
    }),
  )
  .then(
    createStep({
      id: 'measure',
      inputSchema: z.string(),
      outputSchema: z.object({ size: z.number().int() }),
      execute: async ({ inputData }) => ({ size: inputData.length }),
    }),
  )
  .commit();

export const workflows = [ordersWorkflow(), crash, large];
