/**
 * The checks of `libreseed doctor`: files, key, archives, clock, network. Every check looks and changes
 * nothing. Runs in the command's process.
 *
 * @module
 */

export { examine } from "./doctor.ts";
