import { entryId } from '../core/graph.ts';
import { pathOf, type RunHeader } from '../core/records.ts';
import { parseTurn } from '../core/turn.ts';
import type { StoredRun } from './api.ts';
import { runEventOf } from './duty-entry.ts';
import type { Engine } from './engine.ts';
import { entryTurn, type Handling } from './handling.ts';
import { Publisher } from './publish.ts';
import type { CompiledWorkflow } from './registry.ts';

/** What a caller needs of a header. */
export function storedRun(header: RunHeader, changed: boolean): StoredRun {
  return {
    runId: header.runId,
    workflowId: header.workflowId,
    status: header.status,
    changed,
    ...(header.resourceId === undefined ? {} : { resourceId: header.resourceId }),
  };
}

/** Publishes the start and the first step; a repeated start only when the first one seems to have died before that. */
export async function publishStart(
  engine: Engine,
  workflow: CompiledWorkflow,
  header: RunHeader,
  won: boolean,
  hop = 0,
): Promise<void> {
  const first = workflow.graph[0];
  if (first === undefined || header.status !== 'running') return;
  if (!won && (await hasFirstRecord(engine, header))) return;
  const handling = handlingOf(engine, workflow, header, hop);
  const { publisher } = handling;
  const run = publisher.stepRun({
    key: { entry: 0 },
    turn: entryTurn(handling),
    stepId: entryId(first, 0),
  });
  const { parent } = header;
  const place = parent === undefined ? {} : { parent: { runId: parent.runId, path: pathOf(parent.key) } };
  // No work, other than of every later event of a nested run: nobody has to be told that it was started.
  await publisher.publish([{ ...publisher.run('workflow.start', 'running'), ...place }, run]);
  await publisher.armDeadline(header);
}

async function hasFirstRecord(engine: Engine, { runId, epoch }: RunHeader): Promise<boolean> {
  const { store } = engine.backend;
  const load = await store.loadStep({ runId, keys: [{ entry: 0 }], input: false, consistent: true });
  const [record] = load.records;
  if (record !== undefined && parseTurn(record.turn).epoch >= epoch) return true;
  return (await store.loadJoin({ runId, entry: 0, epoch })) !== undefined;
}

/** A handling that is not caused by an event of this run but by a call, or with `hop` by an event of another run. */
export function handlingOf(engine: Engine, workflow: CompiledWorkflow, header: RunHeader, hop = 0): Handling {
  const { runId, epoch } = header;
  const restartedAt = header.restarts?.at;
  const scope = { workflowId: workflow.definition.id, runId, epoch, hop, restartedAt };
  return { engine, workflow, runId, epoch, header, publisher: new Publisher(engine, scope) };
}

/** Publishes the start of an epoch that has to be prepared. */
export async function publishEpoch(
  engine: Engine,
  workflow: CompiledWorkflow,
  header: RunHeader,
  hop = 0,
): Promise<void> {
  const handling = handlingOf(engine, workflow, header, hop);
  await handling.publisher.publish([{ ...runEventOf(handling, 'workflow.start', 'running'), work: true }]);
  await handling.publisher.armDeadline(header);
}
