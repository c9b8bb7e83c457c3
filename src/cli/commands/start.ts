import { wholeNumber } from '../arguments.ts';
import type { Command, Context } from '../command.ts';
import { objectOption, sendValue } from '../data.ts';
import { checkExclusive, contextOption, follow, goOptions, invalidValue } from './shared.ts';

/** Longest time of a run, ms: 365 days, as the server takes it. */
const longestRunMs = 31_536_000_000;

/** `evented start` */
export const start: Command = {
  name: 'start',
  summary: 'start a run of a workflow',
  details: [
    'The input is JSON, @file, or - for the standard input. On a terminal, without it, each field of the input schema is asked for.',
    'With --key or --run-id the same command can be repeated: it starts one run.',
  ],
  positionals: [{ name: 'workflow' }, { name: 'input', optional: true }],
  options: {
    'run-id': { value: 'id', summary: 'id of the run (made by the server)' },
    key: { value: 'text', summary: 'idempotency key: starts with the same one are one start' },
    resource: { value: 'id', summary: 'your own grouping key, by which runs are listed' },
    state: { value: 'json', summary: 'initial state: an object, @file or -' },
    ...contextOption,
    'per-step': { summary: 'pause after the first entry' },
    timeout: { value: 'ms', summary: 'fail the run when it takes longer (as the workflow says)' },
    ...goOptions,
  },
  examples: [
    ['start orders', 'ask for the input'],
    [`start orders '{"pieces":3}' --wait`, 'start, and print the result'],
    ['start orders @input.json --watch', 'input from a file; show the run until it is over'],
    ['start orders - --key invoice-7 --json < input.json', 'in a script: repeating it starts nothing twice'],
  ],
  async run(context) {
    checkExclusive(context, 'run-id', 'key');
    checkExclusive(context, 'wait', 'watch');
    const [workflowId = '', given] = context.positionals;
    const { signal } = context.console;
    const shared = await startOptions(context);
    const schema = given === undefined ? await inputSchema(context, workflowId) : undefined;
    const run = await sendValue(
      context,
      { what: 'input', schema, given },
      async (inputData) =>
        await context.client
          .workflow(workflowId)
          .start({ ...shared, ...(inputData === undefined ? {} : { inputData }), signal }),
      invalidValue,
    );
    return await follow(context, run, 'started');
  },
};

async function startOptions(context: Context) {
  const [runId, key, resource, timeout] = [
    context.option('run-id'),
    context.option('key'),
    context.option('resource'),
    context.option('timeout'),
  ];
  const initialState = await objectOption(context, 'state');
  const requestContext = await objectOption(context, 'context');
  return {
    ...(runId === undefined ? {} : { runId }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(resource === undefined ? {} : { resourceId: resource }),
    ...(initialState === undefined ? {} : { initialState }),
    ...(requestContext === undefined ? {} : { requestContext }),
    ...(context.flag('per-step') ? { perStep: true } : {}),
    ...(timeout === undefined ? {} : { timeoutMs: wholeNumber('--timeout', timeout, 1, longestRunMs) }),
  };
}

async function inputSchema({ client, console }: Context, workflowId: string): Promise<unknown> {
  return (await client.describe(workflowId, { signal: console.signal })).inputSchema;
}
