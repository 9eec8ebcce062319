/**
 * Paths of the publisher's key file and of what lies beside it. The paths are defined in `src/base`,
 * because commands need them before they load any code that reads keys.
 *
 * @module
 */

import { directoryOf, resolvePath } from "./paths.ts";

/** Returns the path of the publisher's key file in a home (libreseed's data directory). */
export function publisherKeyPath(home: string): string {
  return resolvePath(home, "keys", "publisher.key");
}

/**
 * Returns the path of the certificate by which a root key has the key of a key file sign for it. The
 * file is there only for a key that has a root.
 */
export function certificatePathOf(keyPath: string): string {
  return resolvePath(directoryOf(keyPath), "publisher.cert");
}

/**
 * Returns the path of the publisher record that the root key of a key file's identity has signed last in
 * this home. The file is there only in the home that makes and revokes signing keys.
 */
export function publisherRecordPathOf(keyPath: string): string {
  return resolvePath(directoryOf(keyPath), "publisher.record");
}
