import type { AnySchema } from '../core/definition.ts';
import type { MaybePromise, OutputOf } from './schema.ts';
import type { AnyStep, KnownStep, StepOutput } from './step-types.ts';
import type { KnownSteps, WorkflowTypes } from './definition-types.ts';
import type { InitOf } from './workflow-types.ts';

/** Types the result of a rule whose value does not say it. It is not validated: the next step's `inputSchema` does that. */
interface Typed {
  readonly schema?: AnySchema;
}

/** One rule of `.map`. */
export type Mapping<Context = never> =
  /** A constant. */
  | ({ readonly value: unknown } & Typed)
  /** What a function computes. */
  | ({ readonly fn: (context: Context) => MaybePromise<unknown> } & Typed)
  /**
   * A text with references to `inputData`, `initData` and `state`, each with or without a dotted path, to
   * `requestContext.<key>`, and to `stepResults.<step id>`, with or without a path: `'Dear ${initData.who.name}'`. Null and
   * undefined give nothing, an object its JSON. A step without a result fails the run. The id of a step ends at the first
   * dot, a key of the request context does not.
   */
  | { readonly template: string }
  /** A value of the request context, by its key. */
  | ({ readonly requestContextPath: string } & Typed)
  /** From the output of a step, or of the first of several that was a success: what joins the arms of a `.branch`. */
  | { readonly step: StepChoice | readonly StepChoice[]; readonly path: string }
  /** From the input of the run. `true` means this workflow, which cannot name itself while it is being defined. */
  | { readonly initData: object | true; readonly path: string };

/** A step, or its id. */
type StepChoice = AnyStep | string;

/** Output of a step that is named in a rule. */
type ChoiceOutput<Choice, Steps extends KnownSteps> = Choice extends AnyStep
  ? StepOutput<Choice>
  : Choice extends keyof Steps
    ? Steps[Choice]['output']
    : unknown;

/** What a rule with a path looks into. */
type SourceOf<Rule, Types extends WorkflowTypes, Steps extends KnownSteps> = Rule extends {
  readonly step: infer Choice;
}
  ? ChoiceOutput<Choice extends readonly (infer One)[] ? One : Choice, Steps>
  : Rule extends { readonly initData: infer Of }
    ? Of extends true
      ? Types['init']
      : InitOf<Of>
    : never;

/** A value that exists; `any` and `unknown` stay as they are. */
type Present<Value> = unknown extends Value ? Value : NonNullable<Value>;

/** One part of a path: a key that every alternative of the value has, or an index of an array. */
type Part<Value, Key extends string> = unknown extends Value
  ? Value
  : [Value] extends [readonly (infer Item)[]]
    ? Key extends `${number}`
      ? Item | undefined
      : Key extends 'length'
        ? number
        : never
    : [Value] extends [object]
      ? Key extends keyof Value
        ? Value[Key]
        : never
      : never;

/** Parts that a path can go on with. */
type PartsOf<Value> = [Value] extends [readonly unknown[]]
  ? `${number}` | 'length'
  : [Value] extends [object]
    ? keyof Value & string
    : never;

/** The value at a path that is valid. */
type At<Value, Path extends string> = Path extends '.' | ''
  ? Value
  : Path extends `${infer Head}.${infer Rest}`
    ? At<Part<Present<Value>, Head>, Rest>
    : Part<Present<Value>, Path>;

/** What the compiler shows where a path leads nowhere; no text is one. */
interface NoSuchPath<Possible extends string> {
  readonly possible: Possible;
}

/** `Path`, or what would have been right where it leaves the type of the value. */
type ValidPath<Value, Path extends string, Before extends string = ''> = unknown extends Value
  ? `${Before}${Path}`
  : Path extends `${infer Head}.${infer Rest}`
    ? [Part<Present<Value>, Head>] extends [never]
      ? NoSuchPath<`${Before}${PartsOf<Present<Value>>}`>
      : ValidPath<Part<Present<Value>, Head>, Rest, `${Before}${Head}.`>
    : [Part<Present<Value>, Path>] extends [never]
      ? NoSuchPath<`${Before}${PartsOf<Present<Value>>}`>
      : `${Before}${Path}`;

/** What one rule has to be: its path leads through the type that it looks into. */
export type CheckedMapping<Rule, Types extends WorkflowTypes, Steps extends KnownSteps> = Rule extends {
  readonly path: infer Path extends string;
}
  ? { readonly path: Path extends '.' | '' ? Path : ValidPath<SourceOf<Rule, Types, Steps>, Path> }
  : unknown;

/** A constant as its author means it: without the literal types that the compiler would infer for a constant. */
type Plain<Value> = Value extends string
  ? string
  : Value extends number
    ? number
    : Value extends boolean
      ? boolean
      : Value extends readonly unknown[]
        ? Plain<Value[number]>[]
        : Value extends Date | ((...args: never) => unknown)
          ? Value
          : Value extends object
            ? { -readonly [Key in keyof Value]: Plain<Value[Key]> }
            : Value;

/** What one rule gives. */
type Mapped<Rule, Types extends WorkflowTypes, Steps extends KnownSteps> = Rule extends {
  readonly schema: infer Schema extends AnySchema;
}
  ? OutputOf<Schema>
  : Rule extends { readonly value: infer Value }
    ? Plain<Value>
    : Rule extends { readonly fn: (context: never) => infer Result }
      ? Awaited<Result>
      : Rule extends { readonly template: string }
        ? string
        : Rule extends { readonly requestContextPath: infer Key }
          ? Key extends keyof Types['requestContext']
            ? Types['requestContext'][Key]
            : unknown
          : Rule extends { readonly path: infer Path extends string }
            ? At<SourceOf<Rule, Types, Steps>, Path>
            : never;

/**
 * What an object of rules gives. The object is made of pairs and not of the rules: an object type keeps all that its
 * declaration refers to, here the steps before it, and TypeScript 5.5 goes through what an object keeps again with each
 * further entry. So the work doubles with each mapping, and some ten in a chain are an error. As the branch of a condition
 * it has no name, and the compiler shows it as it is.
 */
export type MappedOutput<Config, Types extends WorkflowTypes, Steps extends KnownSteps> = {
  [Key in keyof Config]: [Key, Mapped<Config[Key], Types, Steps>];
}[keyof Config] extends infer Pairs extends readonly [PropertyKey, unknown]
  ? { [Pair in Pairs as Pair[0]]: Pair[1] }
  : never;

/** What the builder remembers of a mapping with an id; a condition for the same reason as {@link MappedOutput}. */
export type MappedStep<Id extends string, Output> = [Output] extends [infer Known]
  ? { readonly [Key in Id]: KnownStep<Known, never> }
  : never;
