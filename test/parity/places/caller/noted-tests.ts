/**
 * What a test file of this folder uses of Vitest, for a process that only wants what a test defines: tests are noted, in
 * order, and nothing is expected.
 */

type Body = (...given: unknown[]) => unknown;

/** A test with what its table gives it. */
export interface NotedTest {
  /** As Vitest says it, without the names of what it is in. */
  readonly name: string;
  readonly run: () => unknown;
}

/** The tests of the file that was loaded last. */
export const noted: NotedTest[] = [];

function rowOf(row: unknown): unknown[] {
  return Array.isArray(row) ? row : [row];
}

/** A title with what a row of a table has for it: its values in their order, or fields of an object by their names. */
function titled(title: string, row: unknown): string {
  const values = rowOf(row).values();
  const fields = row as Readonly<Record<string, unknown>>;
  return title
    .replaceAll('%s', () => String(values.next().value))
    .replaceAll(/\$(\w+)/g, (_, name: string) => String(fields[name]));
}

function note(name: string, body: Body): void {
  noted.push({ name, run: () => body() });
}

function noteEach(table: readonly unknown[]) {
  return (title: string, body: Body): void => {
    for (const row of table) noted.push({ name: titled(title, row), run: () => body(...rowOf(row)) });
  };
}

function describeAll(_: string, body: Body): void {
  body();
}

function describeEach(table: readonly unknown[]) {
  return (_: string, body: Body): void => {
    for (const row of table) body(...rowOf(row));
  };
}

export const it = Object.assign(note, { each: noteEach });
export const test = it;
export const describe = Object.assign(describeAll, { each: describeEach });

/** Takes anything, and is anything that is asked of it. */
export const expect: unknown = new Proxy(() => {}, {
  get: () => expect,
  apply: () => expect,
});

export function onTestFinished(): void {}

/** A function that notes its calls, as far as definitions use it. */
function fn(first: Body = () => undefined) {
  const calls: unknown[][] = [];
  let body = first;
  const mock = {
    mock: { calls },
    mockImplementation: (next: Body) => replace(next),
    mockReturnValue: (value: unknown) => replace(() => value),
    mockResolvedValue: (value: unknown) => replace(async () => value),
    mockRejectedValue: (error: unknown) =>
      replace(async () => {
        throw error;
      }),
  };
  const called = Object.assign(function (this: unknown, ...given: unknown[]): unknown {
    calls.push(given);
    return body.apply(this, given);
  }, mock);
  function replace(next: Body) {
    body = next;
    return called;
  }
  return called;
}

export const vi = { fn, spyOn: () => fn(), waitFor: () => new Promise(() => {}) };
