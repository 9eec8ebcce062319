/**
 * Path of the publisher's key file. The path is defined in `src/base`, because commands need it
 * before they load any code that reads keys.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- an import would load node:path with every command

/** Returns the path of the publisher's key file in a home (libreseed's data directory). */
export function publisherKeyPath(home: string): string {
  return process.getBuiltinModule("node:path").join(home, "keys", "publisher.key");
}
