import { parseArgs } from 'node:util';
import { memoryBackend } from 'evented-workflows/memory';
import { createRuntime } from 'evented-workflows/runtime';
import { Random } from 'evented-workflows/testing';
import { remindersOf } from './reminders.ts';
import { type Answer, deputies, type Notice, type Role, roles } from './request.ts';
import { approvalChain, trailLines } from './workflow.ts';

/**
 * Plays a purchase through, in this process and in memory: three people are asked, two answer in an order that the seed
 * draws, and one is slow, so that the question goes to a deputy:
 *   node examples/approval-chain/run.ts [--seed 1] [--reject manager|finance|security] [--every 300]
 */
const usage = `Usage: node --conditions=evented-workflows-source examples/approval-chain/run.ts
  --seed <n>      draws who answers when, 0 to 4294967295  (default: 1)
  --reject <role> manager, finance or security says no  (default: nobody)
  --every <ms>    between two reminders, 1 to 60000 ms  (default: 300)`;

/** Exit codes: what a script needs to tell apart. */
const exit = { done: 0, failed: 1, usage: 2 } as const;

/** A wrong call, whose message is all that somebody needs. */
class UsageError extends Error {}

interface Call {
  readonly seed: number;
  readonly everyMs: number;
  readonly rejects: Role | undefined;
}

async function main(): Promise<number> {
  const { seed, everyMs, rejects } = readArguments();
  const [slow, ...others] = drawn(roles, seed);
  const tell = ({ kind, to, text }: Notice): void => {
    console.log(`${kind.padEnd(10)}  to ${to}: ${text}`);
  };

  const { purchase, workflows } = approvalChain({ tell, now: Date.now });
  const runtime = createRuntime({ workflows, backend: memoryBackend() });
  try {
    const run = await purchase.createRun({ runId: `seed-${seed}` });
    const outputOptions = { includeState: true, includeResumeLabels: true };
    const inputData = {
      item: 'network scanner',
      amountCents: 489_900,
      requester: 'Iris',
      reminders: { everyMs, most: 2 },
    };
    let result = await run.start({ inputData, outputOptions });
    // Whoever is slow stands last: by then there is nobody else to wait for.
    for (const role of [...others, slow].filter((one) => one !== undefined)) {
      if (result.status !== 'suspended') break;
      console.log(`            waits for: ${Object.keys(result.resumeLabels ?? {}).join(', ')}`);
      // The last reminder hands the question on, and is over then.
      if (role === slow) await runtime.settled({ runId: remindersOf(run.runId, role) });
      const resumeData = answerOf(role, role === slow ? deputies[role] : role, role === rejects);
      console.log(`answer      of ${resumeData.by}: ${resumeData.action}`);
      result = await run.resume({ label: role, resumeData, outputOptions });
    }
    if (result.status !== 'success') {
      console.error(result.status === 'failed' ? result.error.message : `The run ended as ${result.status}.`);
      return exit.failed;
    }
    console.log(`\nResult: ${JSON.stringify(result.result)}\n\nAudit trail`);
    for (const line of trailLines(result.state ?? {})) console.log(`  ${line}`);
    return exit.done;
  } finally {
    await runtime.close();
  }
}

/** What somebody says. The types are those that the arm of the role is resumed with. */
function answerOf(role: Role, by: string, rejects: boolean): Exclude<Answer, { action: 'escalate' }> {
  if (rejects) return { action: 'reject', by, reason: 'not in this year' };
  if (role === 'finance') return { action: 'approve', by, costCentre: '4711' };
  if (role === 'security') return { action: 'approve', by, conditions: ['in its own network'] };
  return { action: 'approve', by, note: 'needed for the audit' };
}

/** The values in an order that depends on nothing but the seed. */
function drawn<T>(values: readonly T[], seed: number): T[] {
  const random = new Random(seed);
  const left = [...values];
  return values.flatMap(() => left.splice(random.below(left.length), 1));
}

function readArguments(): Call {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        reject: { type: 'string' },
        every: { type: 'string', default: '300' },
      },
    });
    const rejects = roles.find((role) => role === values.reject);
    if (values.reject !== undefined && rejects === undefined) {
      throw new UsageError(`--reject is "${values.reject}"; it must be one of ${roles.join(', ')}.`);
    }
    return {
      seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
      everyMs: wholeNumber('--every', values.every, 1, 60_000),
      rejects,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${reason}\n${usage}`, { cause: error });
  }
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new RangeError(`${option} is "${text}"; it must be a whole number from ${least} to ${most}.`);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? exit.usage : exit.failed;
}
