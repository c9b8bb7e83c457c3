import { type ListedRun, isWorkflowApiError } from '../../client/index.ts';
import { type DeadLetter, peek } from '../aws/dead-letters.ts';
import { checkBucket, overdueRuns, queueState, tableStatus } from '../aws/look.ts';
import { deploymentOptions, type Outputs, outputsOf } from '../aws/outputs.ts';
import { awsFailure, clientOptions, services } from '../aws/services.ts';
import { clientOf, type Command, type Context } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { type Style, printable } from '../text.ts';
import { letterLines } from './redrive.ts';

/** What a check came to. */
type Verdict = 'ok' | 'warning' | 'failed';

/** One line of the report. */
interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** What was found, and what to do about it. */
  readonly text: string;
  /** Of dead letters: those that were seen. */
  readonly messages?: readonly DeadLetter[];
}

/** `evented doctor` */
export const doctor: Command = {
  name: 'doctor',
  summary: 'check a server, and what a deployment on AWS is made of',
  details: [
    'Asks the API who answers and whom it lets in, and looks for runs that wait for code that is not there. With the outputs of a stack, it also looks at its queues and dead letters, its table and bucket, and for runs that the sweeper has not looked at in time; that needs credentials of AWS.',
    'The exit code is 0 when nothing failed, 1 when a check did. Warnings do not change it.',
  ],
  positionals: [],
  options: deploymentOptions,
  examples: [
    ['doctor', 'the server that evented dev has started'],
    ['doctor --outputs outputs.json', 'a deployment on AWS'],
  ],
  async run(context) {
    const outputs = outputsOf(context);
    const findings = [
      ...(await checkApi(outputs?.['Url'], context)),
      ...(outputs === undefined ? [] : await checkDeployment(context, outputs)),
    ];
    const failed = findings.some(({ verdict }) => verdict === 'failed');
    if (context.json) context.printJson({ healthy: !failed, findings });
    else for (const finding of findings) context.print(...linesOf(context, finding));
    return failed ? exitCodes.failed : exitCodes.ok;
  },
};

const looks: Readonly<Record<Verdict, readonly [mark: string, style: Style]>> = {
  ok: ['ok', 'green'],
  warning: ['warning', 'yellow'],
  failed: ['FAILED', 'red'],
};

function linesOf(context: Context, { check, verdict, text, messages = [] }: Finding): string[] {
  const [mark, style] = looks[verdict];
  const letters = messages.flatMap((letter) => letterLines(context, letter).map((line) => `  ${line}`));
  return [`${context.paint(style, mark.padEnd(8))} ${check}: ${printable(text)}`, ...letters];
}

/** Runs one check; what it throws is its finding. */
async function checked(check: string, look: () => Promise<Omit<Finding, 'check'>>): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === exitCodes.usage) throw error;
    return { check, verdict: 'failed', text: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (isWorkflowApiError(error)) {
    const { message, code, status } = error;
    if (status === 401) return `${message} (${code}): give a token by --token, or sign by --sigv4 <region>`;
    if (status === 403)
      return `${message} (${code}): this caller is not allowed; grant it the routes that read`;
    if (code === 'CLIENT_UNREACHABLE') return `${message}: is the URL right, and the server up?`;
    return `${message} (${code})`;
  }
  return error instanceof CommandError ? error.message : awsFailure('The check failed', error).message;
}

/** Runs that are looked at. */
const page = 1_000;

async function checkApi(url: string | undefined, context: Context): Promise<Finding[]> {
  const { console } = context;
  const { signal } = console;
  const client = url === undefined ? context.client : clientOf(console, context.option, url);
  let ids: readonly string[] | undefined;
  const api = await checked('api', async () => {
    const found = await client.workflows({ signal });
    ids = found.map(({ id }) => id);
    const names = ids.length === 0 ? 'no workflows: export some from the entry' : ids.join(', ');
    return {
      verdict: ids.length === 0 ? 'warning' : 'ok',
      text: `answers, and lets this caller in: ${names}`,
    };
  });
  if (ids === undefined) return [api];
  const known = new Set(ids);
  const runs = await checked('runs', async () => {
    const lists = await Promise.all(
      (['running', 'waiting', 'suspended'] as const).map((status) =>
        client.runs({ status, limit: page, signal }),
      ),
    );
    return runsFound(
      lists.flatMap((list) => list.runs),
      known,
    );
  });
  return [api, runs];
}

function runsFound(runs: readonly ListedRun[], known: ReadonlySet<string>): Omit<Finding, 'check'> {
  const parked = runs.filter(({ workflowId }) => !known.has(workflowId));
  if (parked.length === 0)
    return { verdict: 'ok', text: `${runs.length} under way, all of workflows that are there` };
  const names = [...new Set(parked.map(({ workflowId }) => workflowId))].join(', ');
  return {
    verdict: 'failed',
    text: `${parked.length} wait for workflows that are not there (${names}): deploy those again, or cancel the runs`,
  };
}

/** A run that the sweeper has not looked at for so long is not going to be, ms. */
const overdueAfter = 600_000;

/** Messages of a dead-letter queue that are shown. */
const shown = 5;

async function checkDeployment(context: Context, outputs: Outputs): Promise<Finding[]> {
  const options = clientOptions(context.option('region'));
  const [{ SQSClient }, { DynamoDBClient }, { S3Client }] = await Promise.all([
    services.sqs(),
    services.dynamodb(),
    services.s3(),
  ]);
  const sqs = new SQSClient(options);
  const dynamodb = new DynamoDBClient(options);
  // Emulators have no host name for each bucket.
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const { TableName: table = '', BucketName: bucket = '' } = outputs;
  const queues = Object.entries(outputs).filter(([name]) => name.endsWith('QueueUrl'));
  try {
    return [
      await checked('table', async () => {
        const status = await tableStatus(dynamodb, table);
        return { verdict: status === 'ACTIVE' ? 'ok' : 'warning', text: `${table} is ${status}` };
      }),
      await checked('bucket', async () => {
        await checkBucket(s3, bucket);
        return { verdict: 'ok', text: `${bucket} is there` };
      }),
      await checked('sweeper', async () => {
        const overdue = await overdueRuns(dynamodb, table, context.console.now() - overdueAfter);
        if (overdue === 0) return { verdict: 'ok', text: 'no run is overdue for a look' };
        const text = `${overdue} runs are overdue for a look by 10 minutes: is the sweeper called, and does it fail?`;
        return { verdict: 'failed', text };
      }),
      ...(await Promise.all(
        queues.map(([name, url]) =>
          checked(name.replace(/Url$/, ''), () => checkQueue(context, sqs, name, url)),
        ),
      )),
    ];
  } finally {
    for (const client of [sqs, dynamodb, s3]) client.destroy();
  }
}

async function checkQueue(
  { console }: Context,
  sqs: Parameters<typeof queueState>[0],
  name: string,
  url: string,
): Promise<Omit<Finding, 'check'>> {
  const { waiting, inFlight, delayed } = await queueState(sqs, url);
  const text = `${waiting} waiting, ${inFlight} at work, ${delayed} for later`;
  const isDead = /DeadLetter|Undeliverable/.test(name);
  if (!isDead || waiting === 0) return { verdict: 'ok', text };
  // A look counts as a receipt, so only where nothing follows from these.
  if (!name.startsWith('Undeliverable')) {
    return {
      verdict: 'warning',
      text: `${text}: they are looked at by the dead-letter function, or kept for you`,
    };
  }
  const messages = await peek(sqs, url, { limit: shown, signal: console.signal });
  return {
    verdict: 'failed',
    text: `${text}: mend the cause, and move them back by evented redrive`,
    messages,
  };
}
