import { WorkflowError } from '../core/errors.ts';
import { formatKey, logOf } from '../core/records.ts';
import { kindOf } from './arguments.ts';
import type { StepHandling } from './handling.ts';

/** Keeps what a body writes to the stream of its run; without history there is nobody to read it. */
export function chunkWriter(handling: StepHandling): (chunk: unknown, custom: boolean) => Promise<void> {
  const { engine, runId, key, step, turn, owner, header } = handling;
  const log = logOf(header);
  let written = 0;
  return async (chunk, custom) => {
    if (custom && !hasType(chunk)) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        `writer.custom of step "${step.id}" was given ${kindOf(chunk)}: pass an object with a text as its type`,
        { details: { stepId: step.id, runId } },
      );
    }
    if (log === undefined) return;
    written += 1;
    const id = `${runId}/chunk/${formatKey(key)}/${turn}/${owner}/${written}`;
    const stored = await engine.values.store(runId, chunk, `chunk of step "${step.id}"`);
    const time = engine.backend.clock.now();
    const entry = { kind: 'chunk', id, runId, key, stepId: step.id, custom, chunk: stored, time } as const;
    await engine.backend.store.appendChunks({ log, chunks: [entry] });
  };
}

function hasType(chunk: unknown): boolean {
  return typeof chunk === 'object' && chunk !== null && 'type' in chunk && typeof chunk.type === 'string';
}
