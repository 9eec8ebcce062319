/**
 * The path of the publisher's key file.
 *
 * @module
 */

import { join } from "node:path";
import type { Settings } from "../../config/mod.ts";

/** Path of the file with the publisher's private key, inside the home. */
export function publisherKeyPath(settings: Settings): string {
  return join(settings.home, "keys", "publisher.key");
}
