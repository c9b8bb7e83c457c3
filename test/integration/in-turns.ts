/** Does a thing for each value, `atOnce` at the same time. Resolves with what came of them, in the order of the values. */
export async function inTurns<Value, Result>(
  values: readonly Value[],
  atOnce: number,
  act: (value: Value) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const open = values.entries();
  const takeTurns = async () => {
    for (const [at, value] of open) results[at] = await act(value);
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  return results;
}
