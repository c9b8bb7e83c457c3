/** Tokens that agents used, summed over a run. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheCreationInputTokens: number;
  readonly reasoningTokens: number;
}

/** Of a run without agents. */
export const noUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedInputTokens: 0,
  cacheCreationInputTokens: 0,
  reasoningTokens: 0,
};

/** Other names that agents give to the fields of {@link Usage}. */
const otherNames: Partial<Record<keyof Usage, string>> = {
  inputTokens: 'promptTokens',
  outputTokens: 'completionTokens',
};

/** Where the last chunk of an agent carries what it used, from what is most specific. */
const places = [['payload', 'output', 'usage'], ['payload', 'usage'], ['totalUsage'], ['usage']] as const;

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && name in inner
        ? (inner as Readonly<Record<string, unknown>>)[name]
        : undefined,
    value,
  );
}

/** `usage` with what a chunk reports: the `finish` chunk of an agent does, others do not. */
export function withUsage(usage: Usage, chunk: unknown): Usage {
  if (at(chunk, ['type']) !== 'finish') return usage;
  const reported = places.map((path) => at(chunk, path)).find((found) => found !== undefined);
  const tokens = (name: keyof Usage): number => {
    const count = Number(at(reported, [name]) ?? at(reported, [otherNames[name] ?? name]) ?? 0);
    return usage[name] + (Number.isFinite(count) ? count : 0);
  };
  return {
    inputTokens: tokens('inputTokens'),
    outputTokens: tokens('outputTokens'),
    totalTokens: tokens('totalTokens'),
    cachedInputTokens: tokens('cachedInputTokens'),
    cacheCreationInputTokens: tokens('cacheCreationInputTokens'),
    reasoningTokens: tokens('reasoningTokens'),
  };
}
