import type { SQSClient } from '@aws-sdk/client-sqs';
import { wholeNumber } from '../arguments.ts';
import { type DeadLetter, peek } from '../aws/dead-letters.ts';
import { queueState } from '../aws/look.ts';
import { deploymentOf, deploymentOptions, outputOf } from '../aws/outputs.ts';
import { redrive as move } from '../aws/redrive.ts';
import { awsFailure, services, sqsOptions } from '../aws/services.ts';
import type { Command, Context } from '../command.ts';
import { CommandError, exitCodes, usageError } from '../exit.ts';
import { timeText } from '../output.ts';
import { printable } from '../text.ts';

/** Messages that are shown when nobody says how many. */
const usualLook = 100;

/** `evented redrive` */
export const redrive: Command = {
  name: 'redrive',
  summary: 'move messages that could not be processed back to their queue',
  details: [
    'On AWS, what nobody could do anything for waits in the queue Undeliverable. Mend the cause, look at what is there by --dry-run, and move it back: the runs of these messages are then looked at again.',
    'Messages are moved by SQS itself where it can, else sent and then deleted one by one: one that is interrupted may be there twice, which does no harm, and none is lost. A look counts as a receipt.',
  ],
  positionals: [{ name: 'queue-url', optional: true }],
  options: {
    ...deploymentOptions,
    to: { value: 'queue-url', summary: 'where they go (where each came from)' },
    limit: { value: 'n', summary: `how many, at most (all; ${usualLook} to look at)` },
    'dry-run': { summary: 'show what is there, and move nothing' },
  },
  examples: [
    ['redrive --outputs outputs.json --dry-run', 'what waits in Undeliverable'],
    ['redrive --outputs outputs.json', 'move all of it back'],
    ['redrive --stack Shop --region eu-central-1', 'the same, by the name of the stack'],
  ],
  isLocal: true,
  async run(context) {
    const { option, flag, console } = context;
    const queueUrl = await queueUrlOf(context);
    const given = option('limit');
    const limit = given === undefined ? undefined : wholeNumber('--limit', given, 1, 1_000_000);
    const to = option('to');
    const { SQSClient } = await services.sqs();
    const client = new SQSClient(sqsOptions(option('region'), console.env));
    try {
      const { signal } = console;
      if (flag('dry-run')) {
        const letters = await peek(client, queueUrl, { limit: limit ?? usualLook, signal });
        if (letters.length === 0) await expectNoneHeld(client, queueUrl);
        return show(context, letters);
      }
      const moved = await move({
        client,
        queueUrl,
        signal,
        now: console.now,
        pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        onProgress: progressOf(context),
        ...(to === undefined ? {} : { to }),
        ...(limit === undefined ? {} : { limit }),
      });
      if (moved === 0) await expectNoneHeld(client, queueUrl);
      if (context.json) context.printJson({ moved });
      else context.print(moved === 0 ? 'Nothing to move.' : `moved  ${moved}`);
      return exitCodes.ok;
    } catch (error) {
      if (error instanceof CommandError) throw error;
      if (console.signal.aborted) throw console.signal.reason;
      throw awsFailure('Moving messages failed', error);
    } finally {
      client.destroy();
    }
  },
};

async function queueUrlOf(context: Context): Promise<string> {
  const [given] = context.positionals;
  const deployment = given === undefined ? await deploymentOf(context) : undefined;
  const url = deployment === undefined ? given : outputOf(deployment, 'UndeliverableQueueUrl');
  if (url === undefined) {
    throw usageError('Which queue? Give its URL, or the stack by --stack or its outputs by --outputs');
  }
  if (URL.canParse(url)) return url;
  throw usageError(
    `The URL of the queue is "${printable(url)}": give one such as https://sqs.<region>.amazonaws.com/...`,
  );
}

/** Rejects when the queue only seems to be empty: what somebody has received is hidden from others for a while. */
async function expectNoneHeld(client: SQSClient, queueUrl: string): Promise<void> {
  const { inFlight } = await queueState(client, queueUrl);
  if (inFlight === 0) return;
  throw new CommandError(
    'CLI_FAILED',
    `None can be had now, and ${inFlight} messages are held by somebody who has received them, such as another redrive, for up to a minute: try again then`,
  );
}

function show(context: Context, letters: readonly DeadLetter[]): number {
  if (context.json) {
    context.printJson({ messages: letters });
    return exitCodes.ok;
  }
  if (letters.length === 0) context.print('No messages.');
  for (const letter of letters) context.print(...letterLines(context, letter));
  return exitCodes.ok;
}

/** Two or three lines of a message. */
export function letterLines({ paint }: Context, letter: DeadLetter): string[] {
  const { type = 'no event', source, workflowId, runId, stepId, reason } = letter;
  const about = [workflowId, runId, stepId].flatMap((id) => (id === undefined ? [] : [printable(id)]));
  const from = source === undefined || source === 'evented-workflows' ? '' : `  from ${printable(source)}`;
  const first = letter.firstReceivedAt;
  return [
    `${paint('bold', printable(type))}  ${about.join(' / ')}${from}`.trimEnd(),
    paint(
      'gray',
      `  sent ${timeText(letter.sentAt)}, received ${letter.receiveCount} times` +
        `${first === undefined ? '' : `, first ${timeText(first)}`}, ${printable(letter.messageId)}`,
    ),
    ...(reason === undefined ? [] : [`  ${printable(reason)}`]),
  ];
}

/** On a terminal one line that is written over; elsewhere nothing, the end says it. */
function progressOf({ console, json }: Context): (moved: number) => void {
  const { stderr } = console;
  if (stderr.isTTY !== true || json) return () => {};
  return (moved) => void stderr.write(`\rmoving  ${moved}`);
}
