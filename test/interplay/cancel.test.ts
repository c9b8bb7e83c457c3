import { expect, test } from 'vitest';
import type { WorkflowState } from '../../src/core/snapshot.ts';
import { inEveryContainer } from './bench.ts';
import type { Container } from './containers.ts';
import { expected } from './model.ts';

/** The entry of the probe where it acts, among those of nested runs; a foreach shows none of a single item. */
function probeIn({ levels, path }: Container): string {
  return path
    .map((id, level) => {
      const isItem = levels[level] === 'each' || levels[level] === 'window';
      return isItem && id !== 'probe' ? `${id}[1]` : id;
    })
    .join('.');
}

/** Whether all that `act` says has come to its end, but for the probe and what it is nested in. */
function isRest(container: Container, steps: WorkflowState['steps']): boolean {
  const { flat, ran } = expected(container, { kind: 'stopped' });
  const open = Object.entries(flat).filter(([, { status }]) => status === 'canceled');
  const waited = new Set([...open.map(([id]) => id), probeIn(container)]);
  const rest = Object.keys(flat).filter((id) => !waited.has(id));
  return rest.every((id) => steps[id]?.status === 'success') && ran['probe'] === 1;
}

inEveryContainer('a cancel', (bench) => {
  const { container } = bench;

  test('G11 H14 of a run that waits: nothing of it goes on', async () => {
    const play = await bench.begin(async ({ suspend }) => suspend('why?', { resumeLabel: 'label' }));
    await play.result();
    await bench.runtime.cancel({ runId: play.runId });
    const act = { kind: 'suspended', value: 'why?', canceled: true } as const;
    // Nested runs learn of it a moment later.
    const { flat } = expected(container, act);
    await play.until((steps) => Object.keys(flat).every((id) => steps[id]?.status === flat[id]?.['status']));
    await play.expect(act);
    const selectors = [{}, { step: container.path }, { label: 'label' }];
    for (const selector of selectors) {
      await expect(play.resume(selector)).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
    }
    expect(await bench.runtime.get({ runId: play.runId })).toMatchObject({
      activeStepsPath: {},
      suspendedPaths: {},
      resumeLabels: {},
    });
    expect(await bench.runtime.cancel({ runId: play.runId })).toMatchObject({ changed: false });
  });

  test('D61 G12 G13 of a run that works: its step sees it, and nothing follows', async () => {
    const begun = Promise.withResolvers<undefined>();
    const play = await bench.begin(async ({ abortSignal }) => {
      begun.resolve(undefined);
      await new Promise((resolve) => abortSignal.addEventListener('abort', resolve));
      return 'stopped';
    });
    await begun.promise;
    await play.until((steps) => isRest(container, steps));
    await bench.runtime.cancel({ runId: play.runId });
    expect((await play.result()).status).toBe('canceled');
    const id = probeIn(container);
    const { flat } = expected(container, { kind: 'stopped', value: 'stopped' });
    await play.until((steps) => steps[id]?.status === flat[id]?.['status']);
    await play.expect({ kind: 'stopped', value: 'stopped' });
  });
});
