import type { Predicate } from '../core/predicate.ts';
import type { LoopContext, ReadContext } from './context.ts';
import type { KnownSteps, WorkflowTypes } from './definition-types.ts';
import type { MaybePromise } from './schema.ts';
import type { AnyStep, KnownStep, StepLike, StepTypesOf } from './step-types.ts';

declare const noArray: unique symbol;
declare const expected: unique symbol;

/** Name and description of an entry, for people who look at the graph. */
export interface EntryOptions<Id extends string = string> {
  /** Not empty. @default made of the entry's kind and place */
  readonly id?: Id;
  /** What the entry is for, in words. @default none */
  readonly description?: string;
  /** What else is to be shown with it. @default none */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** See {@link Workflow.foreach}. */
export interface ForeachOptions<Context> extends EntryOptions {
  /**
   * How many elements are in work at once, or a function that says it, once. What is less than 1 or no finite number counts
   * as 1, and fractions are cut off. @default 1
   */
  readonly concurrency?: number | ((context: Context) => MaybePromise<number>);
}

/** What a condition of `.branch` is: true takes the arm. One that throws counts as false. */
export type Condition<Context> = (context: Context) => MaybePromise<unknown>;

/** What a condition of a loop is: asked after each iteration. One that throws fails the run. */
export type LoopCondition<Context> = (context: Context) => MaybePromise<boolean>;

/** A condition as data instead of a function: shown in the graph as it is, and known by what it reads. */
export interface PredicateCondition {
  readonly predicate: Predicate;
}

/** Computes when a sleep ends, once, when the sleep begins. One that throws fails the run. */
export type SleepFunction<Context, Time extends number | Date> = (context: Context) => MaybePromise<Time>;

/** What a step has to be to come after `Last` in a workflow of `Types`. */
export type Accepted<Types extends WorkflowTypes, Last> = StepLike<string, Last, unknown, Types['state']>;

/** What functions given to the builder see. */
export type ContextFor<Types extends WorkflowTypes, Last, Steps extends KnownSteps> = ReadContext<
  Last,
  Types['state'],
  Types['requestContext'],
  Types['init'],
  Steps
>;

/** What the condition of a loop sees. */
export type LoopContextFor<Types extends WorkflowTypes, Output, Steps extends KnownSteps> = LoopContext<
  Output,
  Types['state'],
  Types['requestContext'],
  Types['init'],
  Steps
>;

export type Arm<Types extends WorkflowTypes, Last, Steps extends KnownSteps> = readonly [
  Condition<ContextFor<Types, Last, Steps>> | PredicateCondition,
  Accepted<Types, Last>,
];

/** Steps after some more were added. */
export type With<Steps extends KnownSteps, More extends AnyStep> = Steps & {
  readonly [One in More as One['id']]: KnownStep<
    StepTypesOf<One>['output'],
    StepTypesOf<One>['resume'],
    StepTypesOf<One>['suspend']
  >;
};

/** What a step of `.foreach` takes: one element. Of what is no array, nothing that a step could take. */
export type ElementOf<Last> = unknown extends Last
  ? Last
  : [Last] extends [readonly (infer Element)[]]
    ? Element
    : NoArray<Last>;

/** What the compiler shows where `.foreach` follows on something that is no array; no value is one. */
interface NoArray<Last> {
  readonly [noArray]: Last;
}

/** `Argument`, if what it takes can be what comes before; else what the compiler shows. */
export type Expects<Last, Taken, Argument> = [Last] extends [Taken] ? Argument : Expected<Taken>;

/** What the compiler shows where the entry before gives something else than what is expected; no value is one. */
interface Expected<Taken> {
  readonly [expected]: Taken;
}

/** The steps of arms: any number of them. */
export type StepsOf<Arms extends readonly (readonly [unknown, AnyStep])[]> = Arms[number][1];
