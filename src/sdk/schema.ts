import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AnySchema } from '../core/definition.ts';

/** What a schema accepts: the type of a value before validation. */
export type InputOf<Schema extends AnySchema> = StandardSchemaV1.InferInput<Schema>;

/** What a schema gives: the type of a value after validation, with defaults filled in and transforms applied. */
export type OutputOf<Schema extends AnySchema> = StandardSchemaV1.InferOutput<Schema>;

/** `Type`, or `Otherwise` when nothing is known about it because a schema was left out. */
export type Known<Type, Otherwise> = unknown extends Type ? Otherwise : Type;

/** The keys that a schema of the state declares; none without a schema. */
export type KeysOf<Type> = Known<Type, object> extends infer Keys extends object ? Keys : object;

/** A value or a promise of it. */
export type MaybePromise<Type> = Type | Promise<Type>;

/** An optional schema as it was given; undefined is possible as long as nothing is known about it. */
export type Given<Schema extends AnySchema> = AnySchema extends Schema ? Schema | undefined : Schema;
