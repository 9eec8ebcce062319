import assert from "node:assert/strict";
import { concatBytes, utf8 } from "../../../src/base/mod.ts";
import { checkIsBackup, openBackup, sealBackup } from "../../../src/keys/backup_file.ts";

const rest = new Uint8Array(100);

Deno.test("a backup is opened by its passphrase only", () => {
  const sealed = sealBackup({ keys: new Map([["publisher.key", rest]]), state: utf8("{}") }, "one");
  assert.equal(openBackup(sealed, "two"), undefined);
  assert.deepEqual(openBackup(sealed, "one")?.keys.get("publisher.key"), rest);
});

Deno.test("a backup in a newer format is named as that", () => {
  for (const number of ["2", "10", "999999"]) {
    const bytes = concatBytes(utf8(`libreseed-backup:v${number}\n`), rest);
    assert.throws(() => checkIsBackup(bytes), { code: "NEWER_FORMAT", kind: "failed" });
  }
});

Deno.test("what is no backup, or is cut short, is refused", () => {
  for (const beginning of ["", "libreseed-backup:v0\n", "libreseed-backup:v2", "-----BEGIN"]) {
    assert.throws(() => checkIsBackup(concatBytes(utf8(beginning), rest)), {
      code: "BACKUP_INVALID",
    });
  }
  assert.throws(() => checkIsBackup(utf8("libreseed-backup:v1\n")), { code: "BACKUP_INVALID" });
});
