/**
 * How a member of a package is replaced.
 *
 * @module
 */

export { prototypeOf } from "./override.ts";
