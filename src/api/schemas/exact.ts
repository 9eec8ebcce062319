/**
 * The check that a schema describes exactly a type of `src/control`, made by the compiler.
 *
 * @module
 */

import type * as v from "valibot";

/** A type in which each member of each object is required. */
type Whole<T> = T extends readonly (infer Item)[] ? Whole<Item>[]
  : T extends object ? { [Key in keyof T]-?: Whole<T[Key]> }
  : T;

/** `unknown` if two types accept the same values and know the same members, else a text for readers. */
type Same<A, B> = [A] extends [B]
  ? [B] extends [A]
    ? [Whole<A>] extends [Whole<B>]
      ? [Whole<B>] extends [Whole<A>] ? unknown : "the schema has a member that the type lacks"
    : "the schema lacks a member of the type"
  : "the schema refuses a value of the type"
  : "the schema accepts a value that the type refuses";

/**
 * Declares that a schema describes exactly the type `T`; anything else is an error of the compiler.
 *
 * @returns a function that returns its argument
 */
export function exactly<T>(): <Schema extends v.GenericSchema>(
  schema: Schema & Same<v.InferOutput<Schema>, T>,
) => v.GenericSchema<T, T> {
  return (schema) => schema as unknown as v.GenericSchema<T, T>;
}
