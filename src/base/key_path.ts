/**
 * The place of the publisher's key in a home. It is in this room because commands need the path before
 * they load anything that reads keys.
 *
 * @module
 */

import { join } from "node:path";

/** Path of the publisher's key file in a home. */
export function publisherKeyPath(home: string): string {
  return join(home, "keys", "publisher.key");
}
