/**
 * The permissions that the program is compiled with.
 *
 * @module
 */

import assert from "node:assert/strict";
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
