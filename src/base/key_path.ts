/**
 * Path of the publisher's key file. The path is defined in `src/base`, because commands need it
 * before they load any code that reads keys.
 *
 * @module
 */

import { join } from "node:path";

/** Returns the path of the publisher's key file in a home (libreseed's data directory). */
export function publisherKeyPath(home: string): string {
  return join(home, "keys", "publisher.key");
}
