import assert from "node:assert/strict";
import { join } from "node:path";
import { rootOwnedHint } from "../../../../src/store/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";

Deno.test("a file of root in a user's home is named, with the command to give it back", async () => {
  await using home = await temporaryHome();
  const [dir, file] = [join(home.path, "seed"), join(home.path, "state.db")];
  await Deno.mkdir(dir);
  await Deno.writeTextFile(file, "");
  if (Deno.uid() === 0) {
    // All parent directories belong to root, so the path is not in another user's home, and there
    // is no hint.
    assert.equal(rootOwnedHint(file), "");
    await Deno.chown(home.path, 1234, 4321);
    const back = (path: string) =>
      rootOwnedHint(path).endsWith(`\`sudo chown -R 1234:4321 ${home.path}\``);
    assert(back(file), rootOwnedHint(file));
    assert.match(rootOwnedHint(join(dir, "x", "y")), /seed belongs to root.*-R 1234:4321 .*seed`$/);
    await Deno.chown(file, 1234, 4321);
  }
  // The user's own file and a missing file get no hint.
  assert.equal(rootOwnedHint(file), "");
  assert.equal(rootOwnedHint(join(file, "below")), "");
  if (Deno.uid() !== 0) assert.equal(rootOwnedHint(join(dir, "x")), "");
});
