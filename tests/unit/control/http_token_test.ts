/** Tests the file of the HTTP API's token. */

import assert from "node:assert/strict";
import { ensureHttpToken, newHttpToken, readHttpToken } from "../../../src/control/mod.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

Deno.test("a token is made on demand, kept, and replaced whole", async () => {
  await using home = await temporaryHome();
  assert.equal(await readHttpToken(home.path), undefined);
  const token = await ensureHttpToken(home.path);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(await ensureHttpToken(home.path), token);
  // A killed process may have left its file, and a writer of the old file sees the old one.
  await Deno.writeTextFile(`${home.path}/http.token.new`, "half");
  using old = await Deno.open(`${home.path}/http.token`);
  const renewed = await newHttpToken(home.path);
  assert.notEqual(renewed, token);
  assert.equal(await readHttpToken(home.path), renewed);
  assert.equal((await new Response(old.readable).text()).trim(), token);
  assert.deepEqual([...Deno.readDirSync(home.path)].map(({ name }) => name), ["http.token"]);
});

Deno.test({
  name: "a token that others own or can read is refused, and so is another content",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await temporaryHome();
    const path = `${home.path}/http.token`;
    await newHttpToken(home.path);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    const uid = (await Deno.stat(path)).uid!;
    // Root may own the files of a user, so the file is given to no user of this machine.
    if (uid === 0) await Deno.chown(path, 54321, null);
    await assert.rejects(readHttpToken(home.path, uid === 0 ? 54320 : uid + 1), {
      code: "PRIVATE_FILE_UNSAFE",
      message: /belongs to user/,
    });
    if (uid === 0) await Deno.chown(path, 0, null);
    for (const mode of [0o640, 0o604, 0o620]) {
      await Deno.chmod(path, mode);
      await assert.rejects(readHttpToken(home.path), {
        code: "PRIVATE_FILE_UNSAFE",
        message: /token new/,
      });
    }
    await Deno.writeTextFile(path, "not a token\n");
    await Deno.chmod(path, 0o600);
    await assert.rejects(readHttpToken(home.path), { code: "HTTP_TOKEN_INVALID" });
    await Deno.remove(path);
    await Deno.symlink("/etc/hostname", path);
    await assert.rejects(readHttpToken(home.path), { code: "PRIVATE_FILE_UNSAFE" });
    await newHttpToken(home.path);
    assert.equal((await Deno.lstat(path)).isFile, true);
  },
});
