import { type AnsweredRun, isWorkflowApiError, type RemoteResult } from '../../client/index.ts';
import type { OptionSpecs } from '../arguments.ts';
import type { Context } from '../command.ts';
import { exitCodes, usageError } from '../exit.ts';
import { runCommand, statusStyle, valueLines } from '../output.ts';
import { messageOf } from '../run/render.ts';
import { watchRun } from '../run/watch.ts';
import { printable } from '../text.ts';

/** What commands that set a run going have in common. */

/** Options of such a command. */
export const goOptions: OptionSpecs = {
  wait: { summary: 'wait until the run is over, suspended or paused, and print what came of it' },
  watch: { short: 'w', summary: 'show the run until it is over' },
};

/** Options for what a run is given beside its input. */
export const contextOption: OptionSpecs = {
  context: { value: 'json', summary: 'request context: an object, @file or -' },
};

/** Exit code for a run that was waited for. */
function exitOfStatus(status: string): number {
  return ['failed', 'tripwire', 'canceled'].includes(status) ? exitCodes.failed : exitCodes.ok;
}

/** Refuses two options that exclude each other. */
export function checkExclusive(context: Context, ...names: readonly string[]): void {
  const given = names.filter((name) => context.flag(name) || context.option(name) !== undefined);
  if (given.length > 1) {
    throw usageError(`--${given[0]} and --${given[1]} exclude each other: give one of them`);
  }
}

/** Shows what an answer says, and what becomes of the run as far as that is asked for. */
export async function follow(context: Context, run: AnsweredRun, verb: string): Promise<number> {
  const { runId, workflowId, status, resourceId, changed } = run;
  const { signal } = context.console;
  if (context.flag('watch')) return await watchRun(context, run);
  if (context.flag('wait')) {
    const result = await run.result({ signal, includeResumeLabels: true });
    if (context.json) context.printJson(result);
    else printResult(context, workflowId, result);
    return exitOfStatus(result.status);
  }
  if (context.json) {
    context.printJson({
      runId,
      workflowId,
      status,
      ...(resourceId === undefined ? {} : { resourceId }),
      changed,
    });
    return exitCodes.ok;
  }
  context.print(
    `${context.paint(statusStyle(status), changed ? verb : 'unchanged')}  ${printable(runId)}  ${printable(workflowId)}  ${status}`,
    `  ${context.commandLine(...runCommand('show', runId, '--watch'))}`,
  );
  return exitCodes.ok;
}

function printResult(context: Context, workflowId: string, result: RemoteResult): void {
  const { runId, status } = result;
  context.print(
    `${printable(runId)}  ${printable(workflowId)}  ${context.paint(statusStyle(status), status)}`,
  );
  if ('result' in result) context.print(...valueLines(context, 'Result', result.result));
  if ('error' in result) context.print(context.paint('red', messageOf(result.error)));
  if (status === 'suspended') context.print(`  ${context.commandLine(...runCommand('show', runId))}`);
}

/** What the server says of an invalid value; undefined for another error. */
export function invalidValue(error: unknown): string | undefined {
  if (!isWorkflowApiError(error, 'WORKFLOW_SCHEMA_VALIDATION_FAILED')) return undefined;
  return printable(error.message.replace(/\s*\n- /g, ' - '));
}
