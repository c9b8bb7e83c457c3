/** An error as it comes over HTTP: never with its stack, and with whatever properties of its own it has. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly [property: string]: unknown;
}

/** What JSON has no place for: left out of objects, `null` in arrays. */
type Absent = undefined | symbol | ((...args: never) => unknown);

type IsAbsent<Value> = unknown extends Value
  ? false
  : [Exclude<Value, Absent>] extends [never]
    ? true
    : false;

/** Whether a property may be missing from the JSON: `undefined` is one of its values. */
type MayBeAbsent<Value> = unknown extends Value
  ? true
  : [Extract<Value, Absent>] extends [never]
    ? false
    : true;

type Flat<Type> = { [Key in keyof Type]: Type[Key] };

type WireObject<Type> = Flat<
  {
    [Key in keyof Type as Key extends symbol
      ? never
      : MayBeAbsent<Type[Key]> extends true
        ? never
        : Key]: Wire<Type[Key]>;
  } & {
    [Key in keyof Type as Key extends symbol
      ? never
      : IsAbsent<Type[Key]> extends true
        ? never
        : MayBeAbsent<Type[Key]> extends true
          ? Key
          : never]?: Wire<Type[Key]>;
  }
>;

type WireItem<Value> = unknown extends Value
  ? Value
  : Wire<Exclude<Value, Absent>> | ([Extract<Value, Absent>] extends [never] ? never : null);

/**
 * What arrives of a value of `Type` that was sent as JSON by the API. Inputs go the other way by the same table, so that a
 * date is sent as its text, and the workflow's schema has to accept a text there.
 *
 * | value | arrives as |
 * |---|---|
 * | `Date`, `URL`, whatever has a `toJSON` | what `toJSON` gives: a date as ISO 8601 text |
 * | `Map` | array of `[key, value]` pairs |
 * | `Set` | array |
 * | `bigint` | decimal text |
 * | `ArrayBuffer`, typed arrays, `DataView` | base64 of the bytes |
 * | `Error` | {@link WireError} |
 * | `RegExp` | its text |
 * | `undefined`, functions, symbols | left out of objects, `null` in arrays |
 *
 * `NaN`, infinite numbers and invalid dates arrive as `null`, which no type can foresee.
 */
export type Wire<Type> = unknown extends Type
  ? Type
  : Type extends null | boolean | number | string
    ? Type
    : Type extends bigint | RegExp | ArrayBuffer | ArrayBufferView
      ? string
      : Type extends Absent
        ? never
        : Type extends readonly unknown[]
          ? { [Index in keyof Type]: WireItem<Type[Index]> }
          : Type extends ReadonlyMap<infer Key, infer Value>
            ? [WireItem<Key>, WireItem<Value>][]
            : Type extends ReadonlySet<infer Value>
              ? WireItem<Value>[]
              : Type extends Error
                ? // An object that merely has a name and a message keeps its shape.
                  'stack' extends keyof Type
                  ? WireError
                  : WireObject<Type>
                : Type extends { toJSON(...args: never): infer Json }
                  ? Wire<Json>
                  : WireObject<Type>;
