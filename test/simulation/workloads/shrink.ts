import type { BodySpec, EntrySpec, GraphSpec, StepSpec, WorkflowSpec } from './spec.ts';

/** Specs that are a little smaller than this one, those that leave out most first. */
export function* shrinkSpec(spec: GraphSpec): Iterable<GraphSpec> {
  // What is nested may fail all alone.
  for (const workflow of nestedIn(spec.root)) yield { ...spec, root: workflow };
  for (const root of smallerWorkflows(spec.root)) yield { ...spec, root };
  const { root, input, initialState, requestContext } = spec;
  if (initialState !== undefined)
    yield { root, input, ...(requestContext === undefined ? {} : { requestContext }) };
  if (requestContext !== undefined)
    yield { root, input, ...(initialState === undefined ? {} : { initialState }) };
  if (input !== 'own') yield { ...spec, input: 'own' };
}

function* nestedIn({ entries }: WorkflowSpec): Iterable<WorkflowSpec> {
  for (const entry of entries) {
    const bodies =
      entry.type === 'branch' ? entry.arms.map(({ body }) => body) : 'arms' in entry ? entry.arms : [];
    for (const body of 'body' in entry ? [entry.body] : bodies) {
      if (body.kind === 'workflow') yield body.workflow;
    }
  }
}

function* without<T>(list: readonly T[]): Iterable<readonly T[]> {
  for (const index of list.keys()) yield list.toSpliced(index, 1);
}

function* smallerWorkflows(spec: WorkflowSpec): Iterable<WorkflowSpec> {
  const { entries, attempts, delay, backoff, retryIf, ...rest } = spec;
  if (rest.timeoutMs !== undefined) {
    const { timeoutMs: _, ...untimed } = spec;
    yield untimed;
  }
  if (rest.limit !== undefined) {
    const { limit: _, whenFull: __, ...unlimited } = spec;
    yield unlimited;
    if (rest.whenFull !== undefined && rest.whenFull !== 'queue') yield { ...spec, whenFull: 'queue' };
  }
  const policy = optional({ attempts, delay });
  if (entries.length > 1) {
    for (const fewer of without(entries)) yield { ...spec, entries: fewer };
  }
  for (const [index, entry] of entries.entries()) {
    for (const smaller of smallerEntries(entry)) yield { ...spec, entries: entries.with(index, smaller) };
  }
  if (attempts !== undefined) yield { ...rest, entries };
  if (delay !== undefined && delay > 0) yield { ...spec, delay: 0 };
  if (backoff !== undefined) yield { ...rest, entries, ...policy, ...optional({ retryIf }) };
  if (retryIf !== undefined) yield { ...rest, entries, ...policy, ...optional({ backoff }) };
}

function* smallerEntries(entry: EntrySpec): Iterable<EntrySpec> {
  switch (entry.type) {
    case 'then':
      for (const body of smallerBodies(entry.body)) yield { ...entry, body };
      return;
    case 'parallel':
      if (entry.arms.length > 1) for (const arms of without(entry.arms)) yield { ...entry, arms };
      for (const body of entry.arms) yield { type: 'then', body };
      for (const [index, arm] of entry.arms.entries()) {
        for (const body of smallerBodies(arm)) yield { ...entry, arms: entry.arms.with(index, body) };
      }
      return;
    case 'branch':
      yield { type: 'parallel', arms: entry.arms.map(({ body }) => body) };
      if (entry.arms.length > 1) for (const arms of without(entry.arms)) yield { ...entry, arms };
      for (const [index, arm] of entry.arms.entries()) {
        for (const body of smallerBodies(arm.body)) {
          yield { ...entry, arms: entry.arms.with(index, { ...arm, body }) };
        }
      }
      return;
    case 'loop':
      yield { type: 'then', body: entry.body };
      if (entry.times > 1) yield { ...entry, times: entry.times - 1 };
      for (const body of smallerBodies(entry.body)) yield { ...entry, body };
      return;
    case 'foreach':
      yield* smallerForeachs(entry);
      return;
    case 'sleep':
      if (entry.form !== 'throws' && entry.ms > 0) yield { ...entry, ms: 0 };
      return;
    default:
  }
}

function* smallerForeachs(entry: Extract<EntrySpec, { type: 'foreach' }>): Iterable<EntrySpec> {
  yield { type: 'then', body: entry.body };
  if (typeof entry.items === 'number' && entry.items > 0) yield { ...entry, items: entry.items - 1 };
  if (entry.concurrency > 1) yield { ...entry, concurrency: entry.concurrency - 1 };
  if (entry.computed) yield { ...entry, computed: false };
  if (entry.mixed) yield { ...entry, mixed: false };
  for (const body of smallerBodies(entry.body)) yield { ...entry, body };
}

function* smallerBodies(body: BodySpec): Iterable<BodySpec> {
  if (body.kind === 'step') {
    yield* smallerSteps(body);
    return;
  }
  const { id, entries } = body.workflow;
  yield { kind: 'step', id, acts: [], end: { end: 'return', value: 'own' } };
  for (const entry of entries) if (entry.type === 'then') yield entry.body;
  for (const workflow of smallerWorkflows(body.workflow)) yield { ...body, workflow };
}

function* smallerSteps(step: StepSpec): Iterable<StepSpec> {
  const { timeoutMs, ...untimed } = step;
  if (timeoutMs !== undefined) yield untimed;
  const { retries, retryIf, suspend, schema, ...rest } = step;
  const plain = step.end.end === 'return' && step.end.value === 'own';
  if (!plain) yield { ...step, end: { end: 'return', value: 'own' } };
  for (const acts of without(step.acts)) yield { ...step, acts };
  if (suspend !== undefined) {
    yield { ...rest, ...optional({ retries, retryIf, schema }) };
    if (suspend.rounds > 1) yield { ...step, suspend: { ...suspend, rounds: suspend.rounds - 1 } };
    if (suspend.label) yield { ...step, suspend: { ...suspend, label: false } };
    if (suspend.when !== undefined)
      yield { ...step, suspend: { rounds: suspend.rounds, label: suspend.label } };
  }
  if ('when' in step.end && step.end.when !== undefined) {
    const { when: _, ...end } = step.end;
    yield { ...step, end };
  }
  if (retries !== undefined) yield { ...rest, ...optional({ suspend, schema }) };
  if (retryIf !== undefined) yield { ...rest, ...optional({ retries, suspend, schema }) };
  if (schema !== undefined) yield { ...rest, ...optional({ suspend, retries, retryIf }) };
}

/** The same without what is undefined. */
function optional<T extends object>(fields: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Key in keyof T]?: NonNullable<T[Key]> };
}
