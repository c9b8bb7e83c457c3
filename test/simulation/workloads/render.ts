import {
  bodiesOf,
  type BodySpec,
  type EntrySpec,
  type GraphSpec,
  type StepSpec,
  type When,
  type WorkflowSpec,
} from './spec.ts';

/** Draws a workload as text, an entry a line, with what is nested in it further to the right. */
export function renderSpec({ root, input, initialState, requestContext }: GraphSpec): string {
  const given = [
    `input ${input}`,
    ...(initialState === undefined ? [] : [`state ${JSON.stringify(initialState)}`]),
    ...(requestContext === undefined ? [] : [`context ${JSON.stringify(requestContext)}`]),
  ];
  return [given.join(', '), ...linesOf(root)].join('\n');
}

function linesOf({ id, entries, attempts, delay, backoff, retryIf, timeoutMs }: WorkflowSpec): string[] {
  const pause = `${delay ?? 0} ms${backoff === true ? ', growing' : ''}`;
  const asked = retryIf === undefined ? '' : `, asked ${retryIf}`;
  const retries = attempts === undefined ? '' : ` (${attempts} retries after ${pause}${asked})`;
  const time = timeoutMs === undefined ? '' : ` within ${timeoutMs} ms`;
  return [`${id}${retries}${time}`, ...entries.flatMap(entryLines).map((line) => `  ${line}`)];
}

function entryLines(entry: EntrySpec): string[] {
  if (entry.type === 'then') return bodyLines(entry.body, '');
  if (entry.type === 'branch') {
    const arms = entry.arms.flatMap(({ when, look, body }) => bodyLines(body, `${when} by ${look}: `));
    return ['branch', ...arms.map((line) => `  ${line}`)];
  }
  return [
    headOf(entry),
    ...bodiesOf(entry)
      .flatMap((body) => bodyLines(body, ''))
      .map((line) => `  ${line}`),
  ];
}

function headOf(entry: Exclude<EntrySpec, { type: 'then' | 'branch' }>): string {
  switch (entry.type) {
    case 'map':
      return `map ${entry.id} ${entry.form}${entry.of === '' ? '' : ` of ${entry.of}`}`;
    case 'sleep':
      return `sleep ${entry.id} ${entry.ms} ms, ${entry.form}`;
    case 'loop':
      return `${entry.loop} ${entry.times} times by ${entry.look}${entry.throws ? ', then throws' : ''}`;
    case 'foreach': {
      const { items, mixed, concurrency, computed } = entry;
      return `foreach of ${items}${mixed ? ' mixed' : ''}, ${concurrency} at once${computed ? ', computed' : ''}`;
    }
    default:
      return entry.type;
  }
}

function bodyLines(body: BodySpec, before: string): string[] {
  const [first = '', ...rest] = body.kind === 'step' ? [stepLine(body)] : linesOf(body.workflow);
  return [`${before}${first}`, ...rest];
}

function whenText(when: When | undefined): string {
  return when === undefined ? '' : ` if ${when.is} of ${when.mod}`;
}

function stepLine({ id, acts, end, retries, retryIf, suspend, schema }: StepSpec): string {
  const does = acts.map((act) => {
    if (act.act === 'set' || act.act === 'context') return `${act.act} "${act.key}" ${act.value}`;
    if (act.act === 'see') return `see ${act.what}`;
    return act.act === 'result' ? `result of ${act.of}` : `${act.act} "${act.key}"`;
  });
  const { end: kind, when, ...how } = { when: undefined, ...end };
  return [
    `${id}:`,
    ...(schema === undefined ? [] : [`schema ${schema},`]),
    ...(retries === undefined ? [] : [`${retries} retries,`]),
    ...(retryIf === undefined ? [] : [`asked ${retryIf},`]),
    ...does.map((text) => `${text},`),
    ...(suspend === undefined
      ? []
      : [`suspend ${suspend.rounds} times${suspend.label ? ' by label' : ''}${whenText(suspend.when)},`]),
    [kind, ...Object.values(how)].join(' ') + whenText(when),
  ].join(' ');
}
