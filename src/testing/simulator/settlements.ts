import { decodeToken } from '../../core/join.ts';
import { formatTurn } from '../../core/turn.ts';
import { childRunId } from '../../runtime/handle-nested.ts';
import type { BlockPlace, Place, WorkflowLike } from '../interpreter/index.ts';

/** The logs of blocks, as the engine has written them. */
export interface BlockLogs {
  /** Epochs in which a block was opened, ascending. */
  openedEpochs(runId: string, entry: number): readonly number[];
  /** Tokens of a block in an epoch. */
  tokensOf(runId: string, entry: number, epoch: number): readonly number[] | undefined;
}

/**
 * Answers the interpreter's question in which order the members of blocks settled. A nested run that is begun anew opens its blocks
 * in further epochs, in the order in which they are interpreted; of a run that has traveled in time only the last one is asked for.
 */
export function settlementOrders(
  logs: BlockLogs,
  root: { readonly runId: string; readonly workflow: WorkflowLike; readonly hasTraveled?: boolean },
): (block: BlockPlace) => readonly number[] | undefined {
  const asked = new Map<string, number>();
  return ({ run, entry }) => {
    const runId = nestedRun(root.runId, root.workflow, run);
    const epochs = logs.openedEpochs(runId, entry);
    const name = `${runId}/${entry}`;
    const times = asked.get(name) ?? 0;
    asked.set(name, times + 1);
    const epoch = (root.hasTraveled === true ? undefined : epochs[times]) ?? epochs.at(-1);
    if (epoch === undefined) return undefined;
    const settlements = logs.tokensOf(runId, entry, epoch)?.map(decodeToken);
    return settlements?.filter(({ kind }) => kind !== 'resumed').map(({ member }) => member);
  };
}

/** Id of the run at a place. */
function nestedRun(rootId: string, root: WorkflowLike, place: Place): string {
  let runId = rootId;
  let workflow: WorkflowLike | undefined = root;
  for (const { entry, member, iteration = 0 } of place) {
    const definition: WorkflowLike['flow'][number] | undefined = workflow?.flow[entry];
    const key =
      member === undefined
        ? { entry }
        : definition?.type === 'foreach'
          ? { entry, item: member }
          : { entry, arm: member };
    const turn = formatTurn({ epoch: 1, iteration, generation: 0, attempt: 0 });
    runId = childRunId(runId, { key, turn });
    workflow =
      definition === undefined || definition.type === 'sleep'
        ? undefined
        : 'steps' in definition
          ? definition.steps[member ?? 0]?.workflow
          : definition.step.workflow;
  }
  return runId;
}
