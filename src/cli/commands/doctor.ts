import { deploymentOf, deploymentOptions } from '../aws/outputs.ts';
import type { Command, Context } from '../command.ts';
import { checkDeployment } from '../doctor/deployment.ts';
import type { Finding, Verdict } from '../doctor/finding.ts';
import { checkServer } from '../doctor/server.ts';
import { exitCodes } from '../exit.ts';
import { type Style, printable } from '../text.ts';
import { letterLines } from './redrive.ts';

/** `evented doctor` */
export const doctor: Command = {
  name: 'doctor',
  summary: 'check a server, and what a deployment on AWS is made of',
  details: [
    'Asks the API who answers, in which version and whom it lets in, and looks for runs that wait for code that is not there. Of a stack it also looks at queues and dead letters, table and bucket, the mappings that take messages to functions, alarms that ring, and at runs that are parked, stuck, or not looked at in time; that needs credentials of AWS.',
    'Of a deployment, the API is the one that its outputs name, unless --url gives another, and shows the runs of this caller only.',
    'The exit code is 0 when nothing failed, 1 when a check did. Warnings do not change it: what could not be looked at is one.',
  ],
  positionals: [],
  options: deploymentOptions,
  examples: [
    ['doctor', 'the server that evented dev has started'],
    ['doctor --outputs outputs.json --sigv4 eu-central-1', "a deployment on AWS with auth: 'iam'"],
    ['doctor --stack Shop --region eu-central-1 --sigv4 eu-central-1', 'the same, by the name of its stack'],
  ],
  async run(context) {
    const deployment = await deploymentOf(context);
    const [server, parts] = await Promise.all([
      checkServer(context, deployment?.outputs['Url']),
      deployment === undefined ? [] : checkDeployment(context, deployment),
    ]);
    // What was not asked any more has not failed.
    context.console.signal.throwIfAborted();
    const findings = [...server, ...parts];
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
