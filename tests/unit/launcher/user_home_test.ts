/** Tests the user's home directory: the variable, the user database, and relative paths. */

import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { homeDirectory } from "../../../src/launcher/mod.ts";

const isPosix = Deno.build.os !== "windows";

async function withDatabase(text: string, test: (path: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "libreseed-users-" });
  try {
    const path = join(directory, "passwd");
    await Deno.writeTextFile(path, text);
    test(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test({
  name: "HOME names the home directory if it is an absolute path",
  ignore: !isPosix,
  fn() {
    assert.equal(homeDirectory("/home/a"), "/home/a");
    assert.equal(homeDirectory("a"), undefined);
  },
});

Deno.test({
  name: "without HOME, this user's line of the user database names the home directory",
  ignore: !isPosix,
  async fn() {
    const own = Deno.uid()!;
    const text = `# users\na:x:${
      own + 1
    }:0:A:/home/a:/bin/sh\nb:x:${own}:${own}:B:/home/b:/bin/sh\n`;
    await withDatabase(text, (path) => {
      assert.equal(homeDirectory(undefined, path), "/home/b");
      assert.equal(homeDirectory("", path), "/home/b");
    });
  },
});

Deno.test({
  name: "the system is asked for a user that the database lacks, or whose line names no directory",
  ignore: !isPosix,
  async fn() {
    const own = Deno.uid()!;
    for (const text of ["", "not a line\n", `b:x:${own}:${own}:B::/bin/sh\n`]) {
      await withDatabase(text, (path) => assert.equal(homeDirectory(undefined, path), homedir()));
    }
    assert.equal(homeDirectory(undefined, "/nowhere/passwd"), homedir());
  },
});
