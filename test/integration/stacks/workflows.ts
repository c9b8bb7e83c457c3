import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { approvalChain } from '../../../examples/approval-chain/workflow.ts';
import { documentsWorkflow } from '../../../examples/documents/workflow.ts';
import { importWorkflow } from '../../../examples/import/workflow.ts';
import { expenseWorkflow } from '../../../examples/notify/workflow.ts';
import { ordersWorkflow } from '../../../examples/orders/workflow.ts';
import { expenses } from '../../../examples/reference-port/workflow.ts';
import { tableLedger } from './ledger.ts';

/** The module given to the deployed functions: the examples, and what is needed to see a worker die, or many at work. */

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

const size = z.object({ size: z.number().int() });

const produce = createStep({
  id: 'produce',
  inputSchema: size,
  outputSchema: z.string(),
  execute: async ({ inputData }) => 'x'.repeat(inputData.size),
});

const large = createWorkflow({ id: 'large', inputSchema: size, outputSchema: size })
  .then(produce)
  .then(
    createStep({
      id: 'measure',
      inputSchema: z.string(),
      outputSchema: size,
      execute: async ({ inputData }) => ({ size: inputData.length }),
    }),
  )
  .commit();

const work = z.object({ number: z.number().int(), ms: z.number().int(), size: z.number().int() });

/** Takes as long as it is told, and has a result as large as it is told, by which runs can be told apart. */
const labor = createWorkflow({
  id: 'labor',
  inputSchema: work,
  outputSchema: z.object({ number: z.number().int(), text: z.string() }),
})
  .then(
    createStep({
      id: 'work',
      inputSchema: work,
      outputSchema: z.object({ number: z.number().int(), text: z.string() }),
      execute: async ({ inputData: { number, ms, size: length } }) => {
        await wait(ms);
        return { number, text: String(number).padEnd(length, '.') };
      },
    }),
  )
  .commit();

const count = z.object({ count: z.number().int() });

function addStep(id: string) {
  return createStep({
    id,
    inputSchema: count,
    outputSchema: count,
    execute: async ({ inputData }) => ({ count: inputData.count + 1 }),
  });
}

/** One step after the other: what Lambda's loop detection would stop. */
function chain(id: string, steps: number) {
  let chained = createWorkflow({ id, inputSchema: count, outputSchema: count }).then(addStep('add'));
  for (let step = 1; step < steps; step += 1) chained = chained.then(addStep(`add-${step}`));
  return chained.commit();
}

const loop = createWorkflow({
  id: 'loop',
  inputSchema: z.object({ count: z.number().int() }),
  outputSchema: count,
})
  .dountil(
    addStep('add'),
    async ({ inputData, iterationCount }) => inputData.count === 100 || iterationCount === 100,
  )
  .commit();

const sleeper = createWorkflow({
  id: 'sleeper',
  inputSchema: z.object({ until: z.coerce.date() }),
  outputSchema: z.object({ wokenAt: z.number() }),
})
  .sleepUntil(async ({ inputData }) => inputData.until, { id: 'nap' })
  .then(
    createStep({
      id: 'wake',
      inputSchema: z.object({ until: z.coerce.date() }),
      outputSchema: z.object({ wokenAt: z.number() }),
      execute: async () => ({ wokenAt: Date.now() }),
    }),
  )
  .commit();

const ticking = createWorkflow({
  id: 'ticking',
  inputSchema: count,
  outputSchema: count,
  // By itself once a year, unless whoever deploys it wants to see it.
  schedule: {
    cron: process.env.SUITE_CRON ?? '0 0 1 1 *',
    timezone: 'Europe/Berlin',
    inputData: { count: 41 },
  },
})
  .then(addStep('add'))
  .commit();

const chainOfApprovals = approvalChain({
  tell: ({ kind, runId }) => console.log('A notice would be sent.', { kind, runId }),
  now: Date.now,
});

export const workflows = [
  ordersWorkflow(),
  documentsWorkflow,
  importWorkflow({ ledger: tableLedger(database) }),
  ...chainOfApprovals.workflows,
  expenses,
  expenseWorkflow(),
  crash,
  large,
  labor,
  chain('chain-of-100', 100),
  loop,
  sleeper,
  ticking,
];
