/** Tests the program for a user without `HOME` and without an entry in the user database. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { commandLine, runCli, temporaryHome } from "../support/mod.ts";

/** Runs a command in a user namespace whose current user has no entry in the user database. */
const asStranger = ["unshare", "--user", "--map-user=123456", "--map-group=123456"];

const canBeStranger = Deno.build.os === "linux" &&
  await new Deno.Command(asStranger[0]!, { args: [...asStranger.slice(1), "true"] }).output()
    .then(({ success }) => success, () => false);

Deno.test({
  name: "for a user without a home directory, verify works and announce asks for --home",
  ignore: !canBeStranger,
  async fn() {
    await using directory = await temporaryHome();
    const { path } = directory;
    await Deno.mkdir(join(path, "hello"));
    const manifest = JSON.stringify({ name: "hello", version: "1.0.0" });
    await Deno.writeTextFile(join(path, "hello", "package.json"), manifest);
    const home = join(path, "home");
    assert.equal((await runCli(["keygen", "--signing-only"], { home })).code, 0);
    const packed = await runCli(["pack", "hello"], { home, cwd: path });
    assert.equal(packed.code, 0, packed.stderr);

    const program = [...asStranger, ...commandLine()];
    const verified = await runCli(["verify", "hello-1.0.0.tgz"], { cwd: path, program });
    assert.match(verified.stdout, /^hello-1\.0\.0\.tgz: ok hello@1\.0\.0 /);
    assert.deepEqual([verified.code, verified.stderr], [0, ""]);
    const announced = await runCli(["announce"], { cwd: path, program });
    assert.equal(announced.code, 2);
    assert.match(
      announced.stderr,
      /^libreseed: The home directory is not known: .*LIBRESEED_HOME$/m,
    );
    const named = await runCli(["trust", "list", "--home", home], { cwd: path, program });
    assert.deepEqual([named.code, named.stderr], [0, "no pins yet\n"]);
  },
});
