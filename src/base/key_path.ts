/**
 * Path of the publisher's key file. The path is defined in `src/base`, because commands need it
 * before they load any code that reads keys.
 *
 * @module
 */

import { resolvePath } from "./paths.ts";

/** Returns the path of the publisher's key file in a home (libreseed's data directory). */
export function publisherKeyPath(home: string): string {
  return resolvePath(home, "keys", "publisher.key");
}
