/** A piece of the source that is replaced by another one, which does something wrong. */
export interface Mutation {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

const headers = 'src/adapters/transitions/headers.ts';
const records = 'src/adapters/transitions/records.ts';

/** Imports nothing: it is loaded before what it changes. By the name of the broken engine. */
export const mutations = {
  'place-kept': [
    {
      file: 'src/runtime/run-event.ts',
      from: 'if (isOver) await leavePlace(engine, header);',
      to: 'void leavePlace;',
    },
  ],
  'place-given-back': [
    {
      file: 'src/runtime/start.ts',
      from: 'if (!isSent || stored !== undefined)',
      to: 'if (!isSent || workflow !== undefined)',
    },
  ],
  'places-overtaken': [
    {
      file: 'src/core/concurrency.ts',
      from: 'return waiting.length > 0 || holders.length >= limit;',
      to: 'return waiting.length > 100_000 || holders.length >= limit + 1;',
    },
    {
      file: 'src/core/concurrency.ts',
      from: 'const room = Math.max(0, limit - holders.length);',
      to: 'const room = Math.max(0, limit + 1 - holders.length);',
    },
  ],
  'unconditional-claim': [
    {
      file: records,
      from: 'if (stored !== undefined && mine === undefined && stored.turn >= write.turn) return undefined;',
      to: 'void mine;',
    },
  ],
  'unconditional-commit': [
    {
      file: records,
      from: "const isOurs = stored?.turn === write.turn && stored.status === 'running' && stored.owner === write.owner;",
      to: 'const isOurs = stored !== undefined;',
    },
  ],
  'never-parks': [
    {
      file: 'src/runtime/parking.ts',
      from: '  if (misfit !== undefined) return',
      to: "  if (misfit !== undefined && runId === '') return",
    },
  ],
  'record-of-another-graph': [
    {
      file: 'src/runtime/parking.ts',
      from: '  return !seen.some((stamped) => isOfOtherGraph(stamped, graphHash));',
      to: "  return !seen.some((stamped) => isOfOtherGraph(stamped, graphHash) && graphHash === '');",
    },
  ],
  'block-of-another-graph': [
    {
      file: 'src/core/parked.ts',
      from: "return stamped === '' || stamped === membersHash(entry, members);",
      to: "return stamped === '' || membersHash(entry, members) !== '';",
    },
  ],
  'never-unparks': [
    {
      file: 'src/runtime/parking.ts',
      from: '  if (goesOnHere(engine, header)) return header;\n  const now',
      to: '  if (goesOnHere(engine, header) || header.parked !== undefined) return header;\n  const now',
    },
  ],
  'turn-unchecked': [
    {
      file: records,
      from: "const due = stored?.turn === write.turn && stored.status === 'due' ? stored : mine;",
      to: "const due = stored?.status === 'due' ? stored : mine;",
    },
  ],
  'no-dedupe': [
    {
      file: 'src/runtime/members.ts',
      from: 'if (members.length === 0) return [];',
      to: 'if (members.length >= 0) return [...members];',
    },
    {
      file: 'src/runtime/duty-entry.ts',
      from: 'if (record !== undefined && parseTurn(record.turn).epoch >= epoch) return true;',
      to: 'if (entry >= 0) return false;',
    },
  ],
  'join-by-counter': [
    { file: 'src/adapters/memory/segments.ts', from: 'image.tokens.includes(write.token);', to: 'false;' },
  ],
  'epoch-ignored': [
    {
      file: 'src/core/decide.ts',
      from: "if (event.epoch < header.epoch) return { type: 'drop', reason: 'stale-epoch' };",
      to: '',
    },
  ],
  'resume-not-exclusive': [
    {
      file: records,
      from: "if (stored?.turn !== write.turn || stored.status !== 'suspended') return undefined;",
      to: 'if (stored === undefined) return undefined;',
    },
  ],
  'state-replaced': [
    {
      file: 'src/core/shared-data.ts',
      from: 'state: { ...base.state, ...delta.state },',
      to: 'state: delta.state ?? base.state,',
    },
  ],
  'left-before-token': [
    {
      file: 'src/runtime/resume-place.ts',
      from: '  await ensureSuspended(handling, record);\n',
      to: '  void ensureSuspended;\n',
    },
  ],
  'nested-not-reread': [
    {
      file: 'src/runtime/child.ts',
      from: '    record = image;\n',
      to: '    record = image;\n    return;\n',
    },
  ],
  'resume-unswept': [
    {
      file: headers,
      from: '    wakes: stored.wakes + 1,\n    sweepAt: write.sweepAt,\n    updatedAt: write.now,\n    perStep: write.perStep',
      to: '    updatedAt: write.now,\n    perStep: write.perStep',
    },
  ],
  'retry-condition-ignored': [
    {
      file: 'src/runtime/next-attempt.ts',
      from: "if (next.type === 'fail' || policy.retryIf === undefined) return next;",
      to: 'if (next.type !== undefined) return next;',
    },
  ],
  'parent-not-rechecked': [
    {
      file: 'src/runtime/handle-nested.ts',
      from: 'if (above === undefined || terminalStatuses.has(above.status) || above.epoch !== epoch) {',
      to: 'if (above === undefined || (terminalStatuses.has(above.status) && above.epoch < epoch)) {',
    },
  ],
  'status-unordered': [
    { file: headers, from: '  if (stored.position >= write.position) return undefined;\n', to: '' },
  ],
  'launch-before-merge': [
    {
      file: 'src/runtime/members.ts',
      from: 'if (settlements.length === 0) return;',
      to: 'if (settlements.length >= 0) return;',
    },
  ],
  'arm-sees-siblings': [
    {
      file: 'src/runtime/members.ts',
      from: 'seesCell: seesCell && key.item !== undefined,',
      to: 'seesCell,',
    },
  ],
  'deadline-unswept': [
    {
      file: 'src/runtime/sweep.ts',
      from: 'const sweepAt = sweepByDeadline(header, again ?? null, times.sweepMs);',
      to: 'const sweepAt = times === undefined ? 0 : (again ?? null);',
    },
  ],
  'deadline-unread': [
    {
      file: 'src/runtime/deadline.ts',
      from: 'if (event.epoch !== header.epoch) {',
      to: 'if (event.epoch > header.epoch) {',
    },
    {
      file: 'src/runtime/deadline.ts',
      from: 'if (deadlineAt > clock.now()) return',
      to: 'if (clock === undefined) return',
    },
  ],
  'key-held-twice': [
    {
      file: 'src/runtime/resume-keys.ts',
      from: "if (isOther && (await placeOfHolder(engine, holder, key)).status !== 'gone') return holder;",
      to: 'void isOther;',
    },
  ],
  'key-held-when-suspended': [
    {
      file: 'src/core/resume-key.ts',
      from: "if (record.status === 'running') return 'working';",
      to: '',
    },
  ],
  'helped-unmarked': [
    {
      file: 'src/runtime/sweep.ts',
      from: 'await unlessChanged(engine, now, again ?? (await look(engine, now)).again);',
      to: 'await unlessChanged(engine, now, undefined);',
    },
  ],
} as const satisfies Readonly<Record<string, readonly Mutation[]>>;
