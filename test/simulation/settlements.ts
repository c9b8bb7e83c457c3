import { decodeToken } from '../../src/core/join.ts';
import { formatTurn } from '../../src/core/turn.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { childRunId } from '../../src/runtime/handle-nested.ts';
import type { BlockPlace, Place } from '../../src/testing/index.ts';
import type { WorkflowLike } from '../../src/testing/interpreter/index.ts';

/** In which order the members of blocks settled, as their logs say. */
export class Settlements {
  private readonly logs = new Map<string, number[]>();

  /** The same store, whose logs are noted. */
  of(store: RunStore): RunStore {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name !== 'appendToken') return member.bind(target) as unknown;
        return async (write: Parameters<RunStore['appendToken']>[0]) => {
          const result = await target.appendToken(write);
          const key = `${write.runId}/${write.entry}/${write.epoch}`;
          const log = this.logs.get(key) ?? [];
          log[result.position] = write.token;
          this.logs.set(key, log);
          return result;
        };
      },
    });
  }

  /** Answers the interpreter's question for the runs of the outermost one. */
  orderIn(runId: string, workflow: WorkflowLike): (block: BlockPlace) => readonly number[] | undefined {
    return ({ run, entry }) => {
      const epoch = 1 + (run.at(-1)?.attempt ?? 0);
      const log = this.logs.get(`${nestedRun(runId, workflow, run)}/${entry}/${epoch}`);
      const settlements = log?.map(decodeToken).filter(({ kind }) => kind !== 'resumed');
      return settlements?.map(({ member }) => member);
    };
  }
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
