/** Tests what the bundle of the gate's thread imports. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const bundle = fileURLToPath(new URL("../../../dist/gate.js", import.meta.url));

Deno.test("the gate's thread imports nothing but Node's sockets, when it needs them", async () => {
  const text = await Deno.readTextFile(bundle);
  assert.deepEqual(text.match(/^\s*(import|export)\b.*$/gm), null, "static imports");
  const sockets = ["net", "tls", "dgram"].map((name) => `import("node:${name}")`);
  assert.deepEqual(text.match(/\bimport\s*\([^)]*\)/g)!.sort(), sockets.sort());
  assert.ok(!/\b(require|process|Buffer)\s*[(.]/.test(text), "ways to Node's modules");
});
