/**
 * Where the publisher's key lies.
 *
 * @module
 */

import { join } from "node:path";
import type { Settings } from "../../config/mod.ts";

/** Path of the publisher's private key. */
export function publisherKeyPath(settings: Settings): string {
  return join(settings.home, "keys", "publisher.key");
}
