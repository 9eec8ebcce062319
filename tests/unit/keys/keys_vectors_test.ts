/** Tests `tests/vectors/keys.json`: recovery codes, encrypted files. */

import assert from "node:assert/strict";
import { fromHex, toHex, utf8 } from "../../../src/base/mod.ts";
import {
  IdentityError,
  keyPairFromSeed,
  readKeyFile,
  recoveryGroups,
  seedOfRecoveryCode,
  writePrivateFile,
} from "../../../src/identity/mod.ts";
import { openBackup } from "../../../src/keys/backup_file.ts";
import { temporaryHome } from "../../support/mod.ts";
import vectors from "../../vectors/keys.json" with { type: "json" };

const bytes = (hex: string) => fromHex(hex)!;

Deno.test("vectors: recovery codes", () => {
  for (const { seedHex, code } of vectors.recoveryCodes) {
    assert.equal(recoveryGroups(bytes(seedHex)).join(" "), code);
    assert.equal(toHex(seedOfRecoveryCode(code)), seedHex);
  }
  for (const { why, code, ...named } of vectors.notRecoveryCodes) {
    assert.throws(() => seedOfRecoveryCode(code), (error) => {
      assert(error instanceof IdentityError, why);
      assert.equal(error.detail.group, "group" in named ? named.group : undefined, why);
      return true;
    });
  }
});

Deno.test("vectors: a key and a backup under a passphrase", async () => {
  const { encryptedKey, backup } = vectors;
  await using home = await temporaryHome();
  const path = `${home.path}/key`;
  await writePrivateFile(path, utf8(encryptedKey.pem));
  const pair = await readKeyFile(path, undefined, async function* () {
    yield await Promise.resolve(encryptedKey.passphrase);
  });
  assert.deepEqual(pair.publicKey, keyPairFromSeed(bytes(encryptedKey.seedHex)).publicKey);
  const { keys, state } = openBackup(bytes(backup.fileHex), backup.passphrase)!;
  const files = Object.fromEntries([...keys].map(([name, file]) => [name, toHex(file)]));
  assert.deepEqual([files, toHex(state)], [backup.keys, backup.stateHex]);
  // A byte or more of the magic, the salt, the IV, the ciphertext and the tag. All bytes would take long,
  // since each opening derives a key from the passphrase.
  for (const at of [0, 7, 14, 21, 42, 63, 84, backup.fileHex.length / 2 - 1]) {
    const damaged = bytes(backup.fileHex);
    damaged[at]! ^= 1;
    const opened = at < 20 ? "refused" : openBackup(damaged, backup.passphrase);
    if (at < 20) assert.throws(() => openBackup(damaged, "x"), { code: "BACKUP_INVALID" });
    else assert.equal(opened, undefined, `byte ${at}`);
  }
});
