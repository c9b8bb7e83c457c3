import type { RunEvent } from '../../client/index.ts';
import type { Command, Context } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { messageOf } from '../run/render.ts';
import { compact, padded, printable, shortened, shortenedInMiddle } from '../text.ts';

/** `evented events` */
export const events: Command = {
  name: 'events',
  summary: 'print what happened to a run',
  details: ['With --json, each event is one line of JSON.'],
  positionals: [{ name: 'run' }],
  options: {
    follow: { short: 'f', summary: 'and what happens, until the run is over' },
    cursor: { value: 'text', summary: 'begin after the page that gave this cursor' },
  },
  examples: [
    ['events 3f2a --follow', 'until the run is over'],
    ['events 3f2a --json', 'JSON lines'],
  ],
  async run(context) {
    const [runId = ''] = context.positionals;
    const { signal } = context.console;
    const given = context.option('cursor');
    const handle = context.client.run(runId);
    if (context.flag('follow')) {
      for await (const event of handle.events({
        ...(given === undefined ? {} : { cursor: given }),
        signal,
      })) {
        printEvent(context, event);
      }
      return exitCodes.ok;
    }
    let cursor = given;
    for (;;) {
      const page = await handle.eventPage({ ...(cursor === undefined ? {} : { cursor }), signal });
      for (const event of page.events) printEvent(context, event);
      if (page.done || page.events.length === 0) return exitCodes.ok;
      cursor = page.cursor;
    }
  },
};

const typeWidth = 14;
const nameWidth = 20;

function printEvent(context: Context, event: RunEvent): void {
  if (context.json) {
    context.printJson(event, 0);
    return;
  }
  const { time, type, payload } = event;
  const at = new Date(time).toISOString().slice(11, 23);
  const kind = shortened(
    printable(type.replace(/^workflow-(step-)?/, (_, step) => (step === undefined ? 'run-' : 'step-'))),
    typeWidth,
  );
  const name = shortenedInMiddle(printable(nameIn(event)), nameWidth);
  const about = aboutOf(type, payload);
  const line = `${at}  ${padded(kind, typeWidth)}  ${padded(name, nameWidth)}  ${about}`;
  context.print(shortened(line.trimEnd(), context.width));
}

function nameIn({ payload }: RunEvent): string {
  const { id, stepName, workflowId } = payload;
  const name = id ?? stepName ?? workflowId;
  return typeof name === 'string' ? name : '';
}

/** What an event says beside its type and its step. */
function aboutOf(type: RunEvent['type'], payload: RunEvent['payload']): string {
  const { status, workflowStatus, error, output, suspendPayload, completedCount, totalCount, metadata } =
    payload;
  switch (type) {
    case 'workflow-finish': {
      const message =
        typeof metadata === 'object' && metadata !== null && 'errorMessage' in metadata
          ? `  ${printable(String(metadata.errorMessage))}`
          : '';
      return `${String(workflowStatus)}${message}`;
    }
    case 'workflow-step-progress':
      return `${Number(completedCount)}/${Number(totalCount)}`;
    case 'workflow-step-suspended':
      return suspendPayload === undefined ? '' : compact(suspendPayload);
    case 'workflow-step-result': {
      const said = error === undefined ? output : messageOf(error);
      return `${printable(String(status))}${said === undefined ? '' : `  ${typeof said === 'string' ? printable(said) : compact(said)}`}`;
    }
    case 'workflow-step-output':
      return compact(output);
    case 'custom':
      return compact(payload);
    default:
      return '';
  }
}
