import { memoryPlace } from '../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { createWorkflow, type ScheduleOption, type TypesOf } from '../../src/index.ts';
import type { Backend } from '../../src/ports/index.ts';
import type { MetricName } from '../../src/ports/metrics.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../src/runtime/index.ts';
import { virtualClock } from '../../src/testing/index.ts';
import { any, echo } from './steps.ts';

type Schedule = ScheduleOption<TypesOf<string, typeof any, typeof any>>;

/** A workflow with schedules. */
export function scheduled(schedule: Schedule, id = 'report') {
  return createWorkflow({ id, inputSchema: any, outputSchema: any, schedule }).then(echo('only')).commit();
}

/** A place in memory whose time passes only when a test says so, and what is told of its runtimes. */
export function virtualPlace(start: string) {
  const clock = virtualClock({ start: Date.parse(start) });
  const counted: [name: MetricName, outcome: string | undefined][] = [];
  const count = (name: MetricName, attributes?: Readonly<Record<string, string>>) => {
    if (name === 'schedule.fired') counted.push([name, attributes?.['outcome']]);
  };
  const place = memoryPlace({ clock, metrics: { count } });
  clock.settleWith(() => place.settled());
  const warnings: string[] = [];
  const logger = { warn: (message: string) => void warnings.push(message) };
  const open = (
    workflows: readonly WorkflowDefinition[],
    more: Partial<RuntimeOptions> & { readonly backend?: Backend } = {},
  ): Runtime => createRuntime({ workflows, backend: place.attach(), logger, ...more });
  return { clock, place, open, counted, warnings };
}

/** The ids of all runs, oldest first, without what they begin with, and with their times to read. */
export async function runsOf(runtime: Runtime): Promise<string[]> {
  const { headers } = await runtime.list({ limit: 1_000 });
  return headers
    .map(({ runId }) => /^sched_(.*)_(\d+)$/.exec(runId))
    .map((match) => `${match?.[1]} ${new Date(Number(match?.[2])).toISOString().replace(':00.000Z', 'Z')}`)
    .toSorted((one, other) => byTime(one).localeCompare(byTime(other)));
}

function byTime(run: string): string {
  return run.split(' ').toReversed().join(' ');
}
