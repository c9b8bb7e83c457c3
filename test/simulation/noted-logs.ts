import type { AppendResult, AppendWrite, OpenJoinWrite, RunStore } from '../../src/ports/index.ts';
import type { BlockLogs } from '../../src/testing/simulator/settlements.ts';

/** The logs of the blocks of a run, noted as they are written. */
export class NotedLogs implements BlockLogs {
  private readonly logs = new Map<string, number[]>();

  /** The same store, whose logs are noted. */
  of(store: RunStore): RunStore {
    const noted: Partial<RunStore> = {
      openJoin: async (write) => {
        this.log(write);
        return store.openJoin(write);
      },
      appendToken: async (write) => this.append(write, await store.appendToken(write)),
    };
    const methods = new Map<string | symbol, unknown>(Object.entries(noted));
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = methods.get(name) ?? Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  }

  openedEpochs(runId: string, entry: number): number[] {
    const head = `${runId}/${entry}/`;
    const names = [...this.logs.keys()].filter((name) => name.startsWith(head));
    return names.map((name) => Number(name.slice(head.length))).toSorted((a, b) => a - b);
  }

  tokensOf(runId: string, entry: number, epoch: number): readonly number[] | undefined {
    return this.logs.get(`${runId}/${entry}/${epoch}`);
  }

  private append(write: AppendWrite, result: AppendResult): AppendResult {
    this.log(write)[result.position] = write.token;
    return result;
  }

  private log({ runId, entry, epoch }: AppendWrite | OpenJoinWrite): number[] {
    const name = `${runId}/${entry}/${epoch}`;
    const log = this.logs.get(name) ?? [];
    this.logs.set(name, log);
    return log;
  }
}
