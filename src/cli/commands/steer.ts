import type { Command } from '../command.ts';
import { givenJson, objectOption } from '../data.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { openLines } from '../form/lines.ts';
import { printable } from '../text.ts';
import { checkExclusive, contextOption, follow, goOptions } from './shared.ts';

/** `evented cancel` */
export const cancel: Command = {
  name: 'cancel',
  summary: 'cancel a run for good',
  details: ['Steps that are running are told by their abort signal.'],
  positionals: [{ name: 'run' }],
  options: {},
  examples: [['cancel 3f2a', 'cancel the run 3f2a']],
  async run(context) {
    const [runId = ''] = context.positionals;
    const run = await context.client.run(runId).cancel({ signal: context.console.signal });
    return await follow(context, run, 'canceled');
  },
};

/** `evented restart` */
export const restart: Command = {
  name: 'restart',
  summary: 'execute again what was active in a run whose process is gone',
  details: ['What has finished is kept. The embedded server does this by itself when it starts.'],
  positionals: [{ name: 'run' }],
  options: { ...contextOption, ...goOptions },
  examples: [['restart 3f2a --watch', 'restart, and show the run until it is over']],
  async run(context) {
    checkExclusive(context, 'wait', 'watch');
    const [runId = ''] = context.positionals;
    const requestContext = await objectOption(context, 'context');
    const { signal } = context.console;
    const options = { ...(requestContext === undefined ? {} : { requestContext }), signal };
    return await follow(context, await context.client.run(runId).restart(options), 'restarted');
  },
};

/** `evented time-travel` */
export const timeTravel: Command = {
  name: 'time-travel',
  summary: 'execute a run again from a step on',
  details: [
    'What lies before the step stays as it is stored; the step and what follows are executed anew. The input is what the entry before the step gave, of the first step the input of the run: JSON, @file or -; without it, what is stored.',
  ],
  positionals: [{ name: 'run' }, { name: 'step' }, { name: 'input', optional: true }],
  options: {
    data: { value: 'json', summary: 'resume data for the step: JSON, @file or -' },
    state: { value: 'json', summary: 'state to begin with: an object, @file or - (as it is stored)' },
    steps: {
      value: 'json',
      summary: 'entries of steps by id, which win over what is stored: an object, @file or -',
    },
    ...contextOption,
    'per-step': { summary: 'pause after the step' },
    ...goOptions,
  },
  examples: [
    ['time-travel 3f2a charge --watch', 'execute the step "charge" and what follows again'],
    [`time-travel 3f2a charge '{"cents":500}'`, 'the same with another input'],
    ['time-travel 3f2a shipping.pack', 'a step of the nested workflow "shipping"'],
  ],
  async run(context) {
    checkExclusive(context, 'wait', 'watch');
    const [runId = '', step = '', given] = context.positionals;
    const data = context.option('data');
    const initialState = await objectOption(context, 'state');
    const steps = await objectOption(context, 'steps');
    const requestContext = await objectOption(context, 'context');
    const run = await context.client.run(runId).timeTravel({
      step,
      ...(given === undefined ? {} : { inputData: await givenJson(context, given, 'The input') }),
      ...(data === undefined ? {} : { resumeData: await givenJson(context, data, '--data') }),
      ...(initialState === undefined ? {} : { initialState }),
      // Its entries are checked by the server, which knows the steps.
      ...(steps === undefined
        ? {}
        : { context: steps as Readonly<Record<string, Readonly<Record<string, unknown>>>> }),
      ...(requestContext === undefined ? {} : { requestContext }),
      ...(context.flag('per-step') ? { perStep: true } : {}),
      signal: context.console.signal,
    });
    return await follow(context, run, 'sent back');
  },
};

/** `evented delete` */
export const remove: Command = {
  name: 'delete',
  summary: 'remove a run for good, with those nested in it',
  details: ['A run that is active is canceled before. On a terminal it asks whether you mean it.'],
  positionals: [{ name: 'run' }],
  options: { yes: { short: 'y', summary: 'do not ask' } },
  examples: [['delete 3f2a --yes', 'remove the run 3f2a']],
  async run(context) {
    const [runId = ''] = context.positionals;
    if (context.isInteractive && !context.flag('yes')) {
      const lines = openLines(context.console);
      try {
        const answer = await lines.ask(`Remove run ${printable(runId)} for good? [y/N] `);
        if (!/^y(es)?$/i.test(answer.trim())) {
          throw new CommandError('CLI_FAILED', 'Nothing was removed');
        }
      } finally {
        lines.close();
      }
    }
    await context.client.run(runId).delete({ signal: context.console.signal });
    if (context.json) context.printJson({ runId, deleted: true });
    else context.print(`removed  ${printable(runId)}`);
    return exitCodes.ok;
  },
};
