/**
 * The compile-time permissions of the program, its flags of V8, and `using` declarations in the
 * bundle.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../../deno.json" with { type: "json" };
import { permissionFlags, v8Flags } from "../../../scripts/compile.ts";

Deno.test("a permission set becomes flags that grant all, some or none of a permission", () => {
  assert.deepEqual(permissionFlags({ read: true, run: ["/bin/a", "/bin/b"], ffi: false }), [
    "--allow-read",
    "--allow-run=/bin/a,/bin/b",
  ]);
});

Deno.test("the program may load no native library, import nothing, and run only ss and ip", () => {
  assert.deepEqual(permissionFlags(manifest.permissions.libreseed), [
    "--allow-read",
    "--allow-write",
    "--allow-net",
    "--allow-env",
    "--allow-sys=gid,homedir,networkInterfaces,statfs,uid",
    // The permissions name absolute paths, because a bare program name requires PATH, which may be
    // missing.
    "--allow-run=/usr/bin/ss,/usr/sbin/ss,/sbin/ss,/usr/sbin/ip,/usr/bin/ip,/sbin/ip,/bin/ip",
  ]);
});

// Deno runs all of these tasks before it reads a socket again. Meanwhile the socket's buffer overflows.
Deno.test("the event loop does not wait for tasks that mark the heap", async () => {
  const code = `
    let kept = [];
    for (let turn = 0; turn < 400; turn++) {
      for (let i = 0; i < 2_000; i++) kept.push({ i, text: [turn, i] });
      if (kept.length > 200_000) kept = [];
      await new Promise((resolve) => setImmediate(resolve));
    }`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `--v8-flags=${[...v8Flags, "--trace-incremental-marking"].join()}`, code],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const trace = new TextDecoder().decode(stdout);
  assert.match(trace, /Start marking/);
  assert.doesNotMatch(trace, /origin: task/);
});

// The minifier inlines a variable that is read once, at the start of the next statement. It also
// does so for `using` declarations, and the minified program would then never close the resource.
// Such code needs `try` and `finally` in place of `using`.
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
        ...["bundle", "--quiet", "--platform", "deno"],
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
 * Finds the `using` declarations in a bundle, each with the beginning of its value. Consecutive
 * declarations are joined, as in the minifier's output.
 */
function usings(text: string): string[] {
  const joined = text.replaceAll(/(?<![\w$.])(using [\w$]+ = [^;]*);\s*using /g, "$1, ");
  return joined.match(/(?<![\w$.])using [\w$]+ ?= ?[^;\n]{0,80}/g) ?? [];
}
