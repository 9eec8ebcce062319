/**
 * The permissions that the program is compiled with, and what the bundler makes of its sources.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../../deno.json" with { type: "json" };
import { permissionFlags } from "../../../scripts/compile.ts";

Deno.test("a permission set becomes flags: what is all, what is some, what is none", () => {
  assert.deepEqual(permissionFlags({ read: true, run: ["/bin/a", "/bin/b"], ffi: false }), [
    "--allow-read",
    "--allow-run=/bin/a,/bin/b",
  ]);
});

Deno.test("the program asks for no native library, no import, no program but ss", () => {
  assert.deepEqual(permissionFlags(manifest.permissions.libreseed), [
    "--allow-read",
    "--allow-write",
    "--allow-net",
    "--allow-env",
    "--allow-sys=homedir,networkInterfaces,statfs,uid",
    // By a bare name, it would not start where there is no PATH.
    "--allow-run=/usr/bin/ss,/usr/sbin/ss,/sbin/ss",
  ]);
});

// The minifier puts a variable that is read once, at the start of the next statement, in there, and
// takes `using` for `const` in doing so: nobody closes the file any more, in the program alone. Such
// a place needs `try` and `finally`.
for (const entry of ["src/cli/mod.ts", "src/worker/main.ts", "src/package/archive/thread.ts"]) {
  Deno.test(`minifying ${entry} keeps each of its "using" declarations`, async () => {
    const plain = usings(await bundle(entry));
    const minified = usings(await bundle(entry, "--minify"));
    assert.equal(minified.length, plain.length, `some of these are gone:\n${plain.join("\n")}`);
  });
}

async function bundle(entry: string, ...flags: string[]): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "libreseed-bundle-" });
  try {
    const output = join(directory, "bundle.js");
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      cwd: fileURLToPath(new URL("../../../", import.meta.url)),
      args: [
        ...["bundle", "--quiet", "--node-modules-dir=manual", "--platform", "deno", "--keep-names"],
        ...flags,
        ...["--external", "../../deno.json", "--output", output, entry],
      ],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    return await Deno.readTextFile(output);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/**
 * The declarations of resources in a bundle, each with the beginning of its value. Those that follow
 * one another are one: the minifier joins them.
 */
function usings(text: string): string[] {
  const joined = text.replaceAll(/(?<![\w$.])(using [\w$]+ = [^;]*);\s*using /g, "$1, ");
  return joined.match(/(?<![\w$.])using [\w$]+ ?= ?[^;\n]{0,80}/g) ?? [];
}
