/**
 * Changes the keys of a home: the process that `key_change_kill_long_test.ts` kills. Arguments: name of the
 * change, path of the place.
 *
 * @module
 */

import { join } from "node:path";
import {
  changeKeys,
  createIdentity,
  type KeyOrder,
  keyPathsOf,
  moveRoot,
  openRoot,
  readBackup,
  restoreKeys,
  setPassphrase,
} from "../../src/keys/mod.ts";
import { keySurroundings } from "../support/key_surroundings.ts";

/** Returns the path of the key file in the home of a place. */
export const keyPathIn = (place: string): string => join(place, "home", "keys", "publisher.key");

/** Stands in for the process, as the code of keys needs it. The passphrase is in a file of the place. */
export const surroundingsIn = (place: string) => keySurroundings({ file: join(place, "pw") });

async function change(place: string, order: KeyOrder): Promise<void> {
  const at = surroundingsIn(place);
  const keyPath = keyPathIn(place);
  const root = await openRoot(order.root, keyPathsOf(keyPath).root, at);
  await changeKeys(keyPath, order, {}, root, at);
}

const root = { from: "home" } as const;

/** The changes, by name. Each can be repeated after a kill, unless it was complete. */
export const changes: Record<string, (place: string) => Promise<unknown>> = {
  keygen: (place) =>
    createIdentity(
      keyPathIn(place),
      { root: { to: "home" }, certifyExisting: false },
      surroundingsIn(place),
    ),
  "keygen --root-out": (place) =>
    createIdentity(
      keyPathIn(place),
      {
        root: { to: "file", path: join(place, `root-${crypto.randomUUID()}`) },
        certifyExisting: false,
      },
      surroundingsIn(place),
    ),
  "key rotate": (place) => change(place, { do: "rotate", root }),
  "key revoke": (place) => change(place, { do: "revoke", root, reason: "stolen", yes: true }),
  "key encrypt": (place) => setPassphrase(keyPathIn(place), "encrypt", surroundingsIn(place)),
  "key root move": (place) =>
    moveRoot(keyPathIn(place), join(place, `moved-${crypto.randomUUID()}`), surroundingsIn(place)),
  "key restore": async (place) => {
    const at = surroundingsIn(place);
    await restoreKeys(keyPathIn(place), await readBackup(keyPathIn(place), join(place, "bk"), at));
  },
};

if (import.meta.main) {
  const [name, place] = Deno.args;
  await changes[name!]!(place!);
}
