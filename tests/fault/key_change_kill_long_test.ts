/**
 * Tests every change of the files in `keys`: the process is killed before each of its file operations in
 * turn. After each kill, the keys are whole: the old ones or the new ones.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { equalBytes } from "../../src/base/mod.ts";
import { readKeyFile } from "../../src/identity/mod.ts";
import { type KeyFacts, keyFacts, writeBackup } from "../../src/keys/mod.ts";
import { decodeItem, decodePublisherRecord } from "../../src/records/mod.ts";
import { killingImportMap, runKilled } from "../support/killed_process.ts";
import { temporaryHome } from "../support/mod.ts";
import { changes, keyPathIn, surroundingsIn } from "./key_change.ts";

/** Upper bound for the number of file operations in one change. */
const MAX_OPERATIONS = 60;

/** Runs the change in a child process. Returns whether the process was killed. */
function runChange(
  map: string,
  name: string,
  place: string,
  killAt: number,
): Promise<boolean> {
  return runKilled({
    map,
    script: "tests/fault/key_change.ts",
    args: [name, place],
    killAt,
    preload: true,
  });
}

/** Makes a place with what the change needs: a home with an identity, or a backup of one. */
async function makePlace(place: string, name: string): Promise<void> {
  await Deno.mkdir(place);
  await Deno.writeTextFile(join(place, "pw"), "secret\n");
  if (name.startsWith("keygen")) return;
  await changes.keygen!(place);
  if (name !== "key restore") return;
  await writeBackup(keyPathIn(place), join(place, "bk"), new Uint8Array(), surroundingsIn(place));
  await Deno.remove(join(place, "home"), { recursive: true });
}

/** Reads the keys of a place, and asserts that key, certificate and record belong together. */
async function wholeKeys(place: string): Promise<KeyFacts> {
  const facts = await keyFacts(keyPathIn(place), surroundingsIn(place));
  if (!facts.publicKey) return facts;
  const { signingKeys } = decodePublisherRecord(decodeItem(facts.record!).value);
  assert(equalBytes(signingKeys[0]!.key, facts.publicKey), "the record is for another key");
  assert(equalBytes(facts.certificate!.key, facts.publicKey), "the certificate is for another key");
  const pair = await readKeyFile(keyPathIn(place), undefined, passphrases);
  assert(equalBytes(pair.publicKey, facts.publicKey), "the key file has another key");
  return facts;
}

/** The passphrase of the test's encrypted keys. */
async function* passphrases(): AsyncIterable<string> {
  yield await Promise.resolve("secret");
}

/** Asserts that the root key is somewhere: in the home, or in a file of the place. */
async function assertHasRoot(place: string, { rootPath }: KeyFacts): Promise<void> {
  if (rootPath !== undefined) return void await readKeyFile(rootPath, undefined, passphrases);
  const files = [...Deno.readDirSync(place)].filter(({ name }) => name.startsWith("moved-"));
  assert(files.length > 0, "the root key is lost");
  await readKeyFile(join(place, files.at(-1)!.name));
}

for (const name of Object.keys(changes)) {
  Deno.test(`${name} leaves whole keys when it is killed before any of its file operations`, async () => {
    await using home = await temporaryHome();
    const path = await Deno.realPath(home.path);
    const map = await killingImportMap(join(path, "map.json"));
    let [killAt, killedWithOld, killedWithNew] = [0, 0, 0];
    for (;;) {
      const place = join(path, `${++killAt}`);
      await makePlace(place, name);
      const before = await wholeKeys(place);
      assert(killAt < MAX_OPERATIONS);
      const wasKilled = await runChange(map, name, place, killAt);
      const after = await wholeKeys(place);
      if (name !== "key restore" && !name.startsWith("keygen")) await assertHasRoot(place, after);
      if (!wasKilled) break;
      // Only the random part of a file's name and an encryption differ between equal states.
      const isOld = JSON.stringify(after) === JSON.stringify(before);
      if (isOld) killedWithOld++;
      else killedWithNew++;
      // A change that was not made can be made now, and leaves nothing of the killed one.
      if (isOld) await changes[name]!(place);
      await wholeKeys(place);
      const strays = [...Deno.readDirSync(join(place, "home", "keys"))].map(({ name }) => name)
        .filter((one) => one === "change" || one.startsWith(".change-"));
      if (isOld) assert.deepEqual(strays, [], `killed before operation ${killAt}`);
    }
    assert(killedWithOld > 1, "the process was never killed before the change");
    if (name !== "key root move") assert(killedWithNew > 0, "it was never killed after the change");
  });
}
