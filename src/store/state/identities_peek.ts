/**
 * A look at a state database that loads none of its tables' code: whether it knows a publisher's
 * identity.
 *
 * @module
 */

import { STATE_SCHEMA_VERSION } from "../../base/mod.ts";
import { openDatabase } from "../../confinement/mod.ts";

/**
 * Whether a state database may know an identity. `true` if it cannot tell: for a database of another
 * schema version, or one that cannot be read, {@linkcode StateDatabase.open} does what is necessary.
 *
 * @param path of an existing database, which is neither migrated nor checked
 */
export function mayKnowIdentities(path: string): boolean {
  try {
    const database = openDatabase(path);
    try {
      const found = database.prepare(
        "SELECT user_version AS version, EXISTS (SELECT 1 FROM identities) AS known " +
          "FROM pragma_user_version",
      ).get()!;
      return found.version !== STATE_SCHEMA_VERSION || found.known !== 0;
    } finally {
      database.close();
    }
  } catch {
    return true;
  }
}
