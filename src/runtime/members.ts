import { memberKey } from '../core/decide.ts';
import type { WorkflowEvent } from '../core/event.ts';
import { stepIdAt } from '../core/graph.ts';
import { limits } from '../core/limits.ts';
import { launchingSettlements } from '../core/join.ts';
import { memberOf, sameKey, type StepRecord } from '../core/records.ts';
import type { JoinLog, JoinOpening } from '../ports/index.ts';
import { mergeIntoCell } from './cell.ts';
import type { EventHandling, Handling } from './handling.ts';
import { previous } from './publish.ts';

/** What the events of launched members say beside their place. */
export interface LaunchDetails {
  readonly turn: string;
  /** Members before them changed state or request context, which items see. */
  readonly seesCell: boolean;
}

/** The `step.run` of one member, or of a range of items. */
function memberRun(
  { publisher, workflow }: EventHandling,
  entry: number,
  member: number,
  { turn, seesCell }: LaunchDetails,
  to?: number,
): WorkflowEvent[] {
  const key = memberKey(workflow.graph, entry, member);
  const stepId = stepIdAt(workflow.graph, key);
  if (stepId === undefined) return [];
  return [
    publisher.stepRun({
      key,
      turn,
      stepId,
      // Arms begin as if they were alone; only items see what those before them changed.
      seesCell: seesCell && key.item !== undefined,
      ...(entry === 0 ? {} : { prev: previous({ entry: entry - 1 }, 'success') }),
      ...(to === undefined ? {} : { to }),
    }),
  ];
}

/**
 * The events that launch members of a block, in their order. Very many items of a foreach are launched in ranges, so that no
 * handling has to publish them one by one.
 */
export function memberRuns(
  handling: EventHandling,
  entry: number,
  members: readonly number[],
  details: LaunchDetails,
): WorkflowEvent[] {
  const isForeach = handling.workflow.graph[entry]?.type === 'foreach';
  if (!isForeach || members.length <= 2 * limits.rangeItems) {
    return members.flatMap((member) => memberRun(handling, entry, member, details));
  }
  const ranges: [number, number][] = [];
  for (const member of members) {
    const range = ranges.at(-1);
    const fits = range?.[1] === member - 1 && member - range[0] < limits.rangeItems;
    if (range !== undefined && fits) range[1] = member;
    else ranges.push([member, member]);
  }
  return ranges.flatMap(([from, to]) =>
    memberRun(handling, entry, from, details, to === from ? undefined : to),
  );
}

/** Handles the event of a range: launches each of its items. */
export async function handleRange(
  handling: EventHandling,
  entry: number,
  range: { readonly from: number; readonly to: number },
  details: LaunchDetails,
): Promise<void> {
  const count = Math.min(limits.rangeItems, range.to - range.from + 1);
  const members = Array.from({ length: Math.max(0, count) }, (_, index) => range.from + index);
  await handling.publisher.publish(members.flatMap((member) => memberRun(handling, entry, member, details)));
}

/** Those of `members` that have no record of this turn or a later one: nobody has begun with them. */
export async function unclaimedMembers(
  handling: Handling,
  entry: number,
  { turn }: Pick<JoinOpening, 'turn'>,
  members: readonly number[],
): Promise<number[]> {
  if (members.length === 0) return [];
  const records = await memberRecords(handling, entry, members);
  const { graph } = handling.workflow;
  return members.filter(
    (member) =>
      !records.some((record) => sameKey(record.key, memberKey(graph, entry, member)) && record.turn >= turn),
  );
}

/**
 * Puts into the cell what the settlements that launch `members` have changed: for whoever publishes their events by the log
 * alone, when the workers that settled may not have come so far. An item sees what those before it changed.
 */
export async function mergeLaunching(
  handling: Handling,
  entry: number,
  log: JoinOpening & Pick<JoinLog, 'tokens'>,
  members: readonly number[],
): Promise<void> {
  const { engine, runId, epoch } = handling;
  const settlements = launchingSettlements(log, log.tokens, members).filter(({ hasDelta }) => hasDelta);
  if (settlements.length === 0) return;
  const settled = settlements.map(({ member }) => member);
  const records = await memberRecords(handling, entry, [...new Set(settled)]);
  for (const { member, generation, position } of settlements) {
    const delta = records.find(({ key }) => memberOf(key) === member)?.delta;
    if (delta !== undefined)
      await mergeIntoCell(engine, { runId, entry, epoch }, { position, generation }, delta);
  }
}

/** Records of these members, in their order; those without one are left out. */
export async function memberRecords(
  { engine, runId, workflow }: Handling,
  entry: number,
  members: readonly number[],
): Promise<readonly StepRecord[]> {
  const { store } = engine.backend;
  if (workflow.graph[entry]?.type === 'foreach') {
    return store.loadItems({ runId, entry, items: members });
  }
  const keys = members.map((member) => memberKey(workflow.graph, entry, member));
  const load = await store.loadStep({ runId, keys, input: false, consistent: true });
  return load.records.filter((record) => record !== undefined);
}
