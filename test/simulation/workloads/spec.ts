/**
 * A random workload as plain JSON: the graph of a workflow with those nested in it, and what each body does. Built twice, it
 * behaves twice the same, so a failure is its spec and nothing else.
 */

/** Names of values, see `values.ts`; `own` is one that follows from the body's id and its input. */
export type ValueName =
  | 'own'
  | 'undefined'
  | 'null'
  | 'zero'
  | 'false'
  | 'empty'
  | 'nan'
  | 'list'
  | 'object'
  | 'date'
  | 'map'
  | 'text';

/** Holds for one input of `mod`, by the body's seed. Absent: for all. */
export interface When {
  readonly mod: number;
  readonly is: number;
}

/** What a body does before it ends. */
export type Act =
  /** Sets a key of the state. */
  | { readonly act: 'set'; readonly key: string; readonly value: ValueName }
  /** Adds one to a key of the state. */
  | { readonly act: 'count'; readonly key: string }
  /** Sets or deletes a key of the request context. */
  | { readonly act: 'context'; readonly key: string; readonly value: ValueName }
  | { readonly act: 'delete'; readonly key: string }
  /** Puts into its output what it sees. */
  | { readonly act: 'see'; readonly what: 'state' | 'context' | 'init' }
  | { readonly act: 'result'; readonly of: string };

/** How a body ends. */
export type End =
  | { readonly end: 'return'; readonly value: ValueName }
  | { readonly end: 'fail'; readonly form: 'error' | 'type' | 'text' | 'object'; readonly when?: When }
  | { readonly end: 'failFirst'; readonly times: number }
  | { readonly end: 'refuse'; readonly when?: When }
  | { readonly end: 'bail'; readonly value: ValueName; readonly when?: When }
  | { readonly end: 'abort'; readonly when?: When };

/** After which errors another attempt is made: after none, after those of the first attempt, after those of a body that may yet succeed. */
export type RetryIf = 'never' | 'once' | 'known' | 'throws';

/** A step. */
export interface StepSpec {
  readonly kind: 'step';
  readonly id: string;
  readonly acts: readonly Act[];
  readonly end: End;
  readonly retries?: number;
  readonly retryIf?: RetryIf;
  readonly suspend?: { readonly rounds: number; readonly label: boolean; readonly when?: When };
  /** What its input schema does: a default, a transform, nothing left of it, a refusal of one input in two. */
  readonly schema?: 'default' | 'transform' | 'nothing' | 'refusal';
  /** Time of each of its attempts, ms. */
  readonly timeoutMs?: number;
}

/** A nested workflow. */
export interface NestedSpec {
  readonly kind: 'workflow';
  readonly workflow: WorkflowSpec;
}

export type BodySpec = StepSpec | NestedSpec;

/** What a condition looks at, beside the count of a loop and the input of a branch. */
export type Look = 'input' | 'state' | 'context' | 'init' | 'result';

/** An arm of a branch. `always` and `never` are what they say; `seldom` depends on what it looks at. */
export interface BranchArm {
  readonly when: 'always' | 'never' | 'seldom' | 'throws';
  readonly look: Look;
  readonly body: BodySpec;
}

/** An entry of a workflow. */
export type EntrySpec =
  | { readonly type: 'then'; readonly body: BodySpec }
  | {
      readonly type: 'map';
      readonly id: string;
      readonly form: 'fn' | 'value' | 'init' | 'step' | 'badPath';
      readonly of: string;
    }
  | { readonly type: 'parallel'; readonly arms: readonly BodySpec[] }
  | { readonly type: 'branch'; readonly arms: readonly BranchArm[] }
  | {
      readonly type: 'loop';
      readonly loop: 'dowhile' | 'dountil';
      /** Iterations at most. */
      readonly times: number;
      readonly look: Look;
      readonly throws: boolean;
      readonly body: BodySpec;
    }
  | {
      readonly type: 'foreach';
      readonly id: string;
      /** Elements, or what is no array. */
      readonly items: number | 'null' | 'object' | 'text';
      readonly mixed: boolean;
      readonly concurrency: number;
      /** Whether that is given by a function. */
      readonly computed: boolean;
      readonly body: BodySpec;
    }
  | {
      readonly type: 'sleep';
      readonly id: string;
      readonly ms: number;
      readonly form: 'fixed' | 'computed' | 'date' | 'computedDate' | 'throws';
    };

/** A workflow. */
export interface WorkflowSpec {
  readonly id: string;
  readonly entries: readonly EntrySpec[];
  /** For its steps without retries of their own. */
  readonly attempts?: number;
  /** Ms before each further attempt. */
  readonly delay?: number;
  /** That time doubles, and is drawn. */
  readonly backoff?: boolean;
  /** Time of each of its runs, ms. */
  readonly timeoutMs?: number;
  /** For its steps without a condition of their own. */
  readonly retryIf?: RetryIf;
  /** Runs that go on at once, all of one key. */
  readonly limit?: number;
  readonly whenFull?: 'queue' | 'reject' | 'return';
}

/** A whole workload. */
export interface GraphSpec {
  readonly root: WorkflowSpec;
  readonly input: ValueName;
  readonly initialState?: Readonly<Record<string, ValueName>>;
  readonly requestContext?: Readonly<Record<string, ValueName>>;
}

/** The bodies that stand at an entry. */
export function bodiesOf(entry: EntrySpec): readonly BodySpec[] {
  switch (entry.type) {
    case 'then':
    case 'loop':
    case 'foreach':
      return [entry.body];
    case 'parallel':
      return entry.arms;
    case 'branch':
      return entry.arms.map(({ body }) => body);
    default:
      return [];
  }
}

/** Entries of a workflow and of all that are nested in it. */
export function entryCount({ entries }: WorkflowSpec): number {
  return entries.reduce((sum, entry) => {
    const nested = bodiesOf(entry).map((body) => (body.kind === 'step' ? 0 : entryCount(body.workflow)));
    return nested.reduce((total, count) => total + count, sum + 1);
  }, 0);
}
