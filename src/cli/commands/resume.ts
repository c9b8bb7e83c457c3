import { wholeNumber } from '../arguments.ts';
import type { Command, Context } from '../command.ts';
import { objectOption, sendValue } from '../data.ts';
import { usageError } from '../exit.ts';
import { openLines } from '../form/lines.ts';
import { allNodes, runNodes, type WaitingPlace } from '../run/nodes.ts';
import { type RunLook, RunReader } from '../run/watch.ts';
import { compact, printable, shortened } from '../text.ts';
import { checkExclusive, contextOption, follow, goOptions, invalidValue } from './shared.ts';

/** Highest number of an item of a foreach. */
const lastItem = 16_383;

/** `evented resume` */
export const resume: Command = {
  name: 'resume',
  summary: 'resume a suspended step with the data it waits for',
  details: [
    'The data is JSON, @file, or - for the standard input. On a terminal, without it, each field of the resume schema is asked for.',
    'Without --step or --label, the only suspended step is meant. With --key no run is named: it is the one that waits under the key.',
  ],
  positionals: [
    { name: 'run', optional: true },
    { name: 'data', optional: true },
  ],
  options: {
    step: { value: 'step', summary: 'id of the step, in a nested workflow nested.step' },
    label: { value: 'label', summary: 'a label that the step gave to its suspension' },
    key: { value: 'key', summary: 'a key that the step gave to its suspension, in the place of the run' },
    index: { value: 'n', summary: 'item of a foreach, from 0 (all that are suspended)' },
    ...contextOption,
    'per-step': { summary: 'pause after the resumed entry' },
    ...goOptions,
  },
  examples: [
    ['resume 3f2a', 'ask for the data'],
    [`resume --key payment:42 '{"paid":true}'`, 'resume what waits for that payment, in whichever run it is'],
    [`resume 3f2a --step approve '{"approved":true}' --watch`, 'resume, and show the run until it is over'],
  ],
  async run(context) {
    checkExclusive(context, 'step', 'label');
    checkExclusive(context, 'wait', 'watch');
    const key = context.option('key');
    if (key !== undefined) return await resumeByKey(context, key);
    const [runId, given] = context.positionals;
    if (runId === undefined) throw usageError('The run is missing: give its id, or a key by --key');
    const { signal } = context.console;
    const requestContext = await objectOption(context, 'context');
    const target = targetOf(context);
    const chosen = given === undefined ? await choose(context, runId, target) : {};
    const handle = context.client.run(runId);
    const run = await sendValue(
      context,
      { what: 'data', schema: chosen.schema, given },
      async (resumeData) =>
        await handle.resume({
          ...target,
          ...chosen.target,
          ...(resumeData === undefined ? {} : { resumeData }),
          ...(requestContext === undefined ? {} : { requestContext }),
          ...(context.flag('per-step') ? { perStep: true } : {}),
          signal,
        }),
      invalidValue,
    );
    return await follow(context, run, 'resumed');
  },
};

/** Which step waits under a key only the server knows, so nobody can be asked for the fields of its data. */
async function resumeByKey(context: Context, key: string): Promise<number> {
  for (const name of ['step', 'label', 'index']) checkExclusive(context, 'key', name);
  const [given, ...more] = context.positionals;
  if (more.length > 0)
    throw usageError('--key stands in the place of the run: give the data alone beside it');
  const requestContext = await objectOption(context, 'context');
  const run = await sendValue(
    context,
    { what: 'data', schema: undefined, given },
    async (resumeData) =>
      await context.client.resumeByKey(key, {
        ...(resumeData === undefined ? {} : { resumeData }),
        ...(requestContext === undefined ? {} : { requestContext }),
        ...(context.flag('per-step') ? { perStep: true } : {}),
        signal: context.console.signal,
      }),
    invalidValue,
  );
  return await follow(context, run, 'resumed');
}

interface Target {
  readonly step?: string;
  readonly label?: string;
  readonly forEachIndex?: number;
}

function targetOf(context: Context): Target {
  const [step, label, index] = [context.option('step'), context.option('label'), context.option('index')];
  return {
    ...(step === undefined ? {} : { step }),
    ...(label === undefined ? {} : { label }),
    ...(index === undefined ? {} : { forEachIndex: wholeNumber('--index', index, 0, lastItem) }),
  };
}

/** The suspended step that is meant, and the schema of its data. Of several, a person is asked; else the server refuses. */
async function choose(
  context: Context,
  runId: string,
  target: Target,
): Promise<{ readonly target?: Target; readonly schema?: unknown }> {
  const look = await new RunReader(context, context.client.run(runId)).look();
  const nodes = runNodes({ ...look, now: context.console.now() });
  const places = [...allNodes(nodes)].flatMap(({ waits }) => waits ?? []);
  const meant = places.filter((place) => isMeant(place, target, look));
  const steps = new Set(meant.map(({ step }) => step));
  const [first] = meant;
  if (first === undefined) return {};
  const place = steps.size === 1 ? first : context.isInteractive ? await askWhich(context, meant) : undefined;
  if (place === undefined) return {};
  if (context.isInteractive) {
    const about = place.payload === undefined ? '' : `  ${compact(place.payload)}`;
    context.print(shortened(`${printable(place.step)} waits${about}`, context.width));
  }
  const named = steps.size === 1 ? {} : { target: targetAt(place) };
  return { ...named, schema: look.resumeSchema(place.workflowId, place.stepId) };
}

function targetAt({ step, index }: WaitingPlace): Target {
  return { step, ...(index === undefined ? {} : { forEachIndex: index }) };
}

function isMeant(place: WaitingPlace, { step, label, forEachIndex }: Target, { run }: RunLook): boolean {
  if (label !== undefined) {
    const at = run.resumeLabels?.[label];
    const isItem =
      at?.foreachIndex === undefined || place.index === undefined || at.foreachIndex === place.index;
    return at?.stepId === place.step && isItem;
  }
  const isStep = step === undefined || place.step === step || place.step.startsWith(`${step}.`);
  return isStep && (forEachIndex === undefined || place.index === undefined || place.index === forEachIndex);
}

async function askWhich(context: Context, places: readonly WaitingPlace[]): Promise<WaitingPlace> {
  const lines = openLines(context.console);
  try {
    lines.say('Several steps are suspended:');
    for (const [index, { step, index: item, payload }] of places.entries()) {
      const name = `${printable(step)}${item === undefined ? '' : `, item ${item}`}`;
      const about = payload === undefined ? '' : `  ${compact(payload)}`;
      lines.say(shortened(`  ${index + 1}  ${name}${about}`, context.width));
    }
    for (;;) {
      const answer = (await lines.ask('Which one? ')).trim();
      const place = /^\d+$/.test(answer)
        ? places[Number(answer) - 1]
        : places.find(({ step }) => step === answer);
      if (place !== undefined) return place;
      lines.say(`  give a number from 1 to ${places.length}`);
    }
  } finally {
    lines.close();
  }
}
