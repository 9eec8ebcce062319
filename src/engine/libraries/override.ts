/**
 * Takes methods of a library's class over, so that a release with another shape fails when it is
 * loaded and not in the middle of a download.
 *
 * @module
 */

/**
 * The prototype of a library's class as we know it.
 *
 * @param methods that it has to have
 * @throws {Error} if one is missing
 */
export function prototypeOf<T>(
  library: { name: string; prototype: unknown },
  methods: readonly (keyof T & string)[],
): T {
  const prototype = library.prototype as Record<string, unknown>;
  for (const method of methods) {
    if (typeof prototype[method] === "function") continue;
    throw new Error(`${library.name} has no method ${method} any more: see src/engine`);
  }
  return prototype as T;
}
