import { WorkflowError } from '../../core/errors.ts';
import type { Backend, Clock, IdSource, Metrics, WorkSource } from '../../ports/index.ts';
import { noMetrics, systemClock, uuidSource } from '../system/index.ts';
import type { Connection } from './connection.ts';
import { type CommitHooks, GroupCommit } from './group-commit.ts';
import { Hands } from './hands.ts';
import { Owners } from './owners.ts';
import { SqlitePayloads } from './payloads.ts';
import { Queue } from './queue.ts';
import { SqliteRunStore } from './run-store.ts';
import { openDatabase } from './schema.ts';
import { type EventListener, SqliteWorkSource } from './work-source.ts';

/** A look at a log costs some 20 microseconds of one indexed read. */
const logPollMs = 20;

/** How often a process looks for others that died, in ms. */
const ownerCheckMs = 1_000;

/** Options of {@link sqliteBackend}. */
export interface SqliteOptions {
  /**
   * Path of the database. It and its directory are made when they are missing; `<file>-wal`, `<file>-shm` and
   * `<file>-owners` come beside it. It has to be on a local disk: network file systems have no reliable locks.
   */
  readonly file: string;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** @default random UUIDs */
  readonly ids?: IdSource;
  /** @default nothing is counted */
  readonly metrics?: Metrics;
  /**
   * How often a started work source looks for messages of other processes, in ms, 1 to 1,000. Those of its own process
   * come at once. A look costs microseconds while nothing has changed. @default 20
   */
  readonly pollMs?: number;
  /**
   * How long a write waits while another process holds the write lock, in ms, before it rejects with
   * WORKFLOW_BACKEND_UNAVAILABLE. The event loop goes on meanwhile. @default 10,000
   */
  readonly lockWaitMs?: number;
}

/** A {@link Backend} in one SQLite file. */
export interface SqliteBackend extends Backend {
  readonly source: WorkSource;
  /**
   * Calls `listener` with each event that this process publishes, once it is stored, whether it is work or not. The
   * listener must not throw. Returns a function that ends it.
   */
  observe(listener: EventListener): () => void;
}

/**
 * Everything in one SQLite file: records, payloads, queue and timers. Several processes may work on one file.
 *
 * Writes of one turn of the event loop share one transaction and so one fsync: the commit of a step, the event it
 * publishes, its acknowledgement and the claim of the next step. A process that dies, however, is noticed within about
 * a second by those that are left, or at once by the next one that opens the file, and its steps are taken over.
 *
 * Throws WORKFLOW_ARGUMENT_INVALID for a malformed option, WORKFLOW_RECORD_CORRUPT for a file that is damaged, not ours
 * or of a newer format, and WORKFLOW_BACKEND_UNAVAILABLE for one that cannot be opened.
 */
export function sqliteBackend(options: SqliteOptions): SqliteBackend {
  return openSqlite(options, {});
}

/** The same with hooks, for tests and benchmarks of this adapter. */
export function openSqlite(options: SqliteOptions, hooks: CommitHooks): SqliteBackend {
  checkOptions(options);
  const {
    clock = systemClock,
    ids = uuidSource,
    metrics = noMetrics,
    pollMs = 20,
    lockWaitMs = 10_000,
  } = options;
  const connection = openDatabase(options.file);
  const commit = new GroupCommit(connection, { lockWaitMs, hooks });
  const incarnation = ids.unique();
  const owners = openOwners(connection, commit, incarnation);
  const hands = new Hands(owners.number, incarnation);
  const checkOwners = ownerCheck(owners, clock, () => source.refresh());
  const source: SqliteWorkSource = new SqliteWorkSource({
    queue: new Queue(connection, hands),
    commit,
    clock,
    pollMs,
    onPoll: checkOwners,
  });
  checkOwners();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await source.stop();
    try {
      await owners.leave();
    } finally {
      await commit.close();
      connection.close();
      owners.close();
    }
  };
  return {
    name: 'sqlite',
    history: 'full',
    logPollMs,
    store: new SqliteRunStore(connection, commit, hands),
    payloads: new SqlitePayloads(connection, commit),
    bus: source,
    timers: source,
    source,
    clock,
    ids,
    metrics,
    incarnation,
    observe: (listener) => source.observe(listener),
    close: () => (closing ??= close()),
  };
}

function openOwners(connection: Connection, commit: GroupCommit, incarnation: string): Owners {
  try {
    return new Owners(connection, commit, incarnation);
  } catch (cause) {
    void commit.close();
    connection.close();
    throw cause;
  }
}

/** Checks now and then. What fails is tried again by the next check. */
function ownerCheck(owners: Owners, clock: Clock, onReleased: () => void): () => void {
  let next = Number.NEGATIVE_INFINITY;
  const check = async (): Promise<void> => {
    try {
      if (await owners.check()) onReleased();
    } catch {
      // The file or its directory cannot be read at the moment.
    }
  };
  return () => {
    if (clock.now() < next) return;
    next = clock.now() + ownerCheckMs;
    void check();
  };
}

function checkOptions({ file, pollMs = 20, lockWaitMs = 0 }: SqliteOptions): void {
  const refuse = (text: string): never => {
    throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', text);
  };
  if (typeof file !== 'string' || file === '' || file.startsWith(':') || file.startsWith('file:')) {
    refuse('file must be the path of a file: for data that nobody keeps, use memoryBackend');
  }
  if (!(pollMs >= 1 && pollMs <= 1_000)) refuse(`pollMs is ${String(pollMs)}: give 1 to 1,000 ms`);
  if (!(lockWaitMs >= 0)) refuse(`lockWaitMs is ${String(lockWaitMs)}: give 0 or more ms`);
}
