/** Tests that concurrent tests get different ports. */

import assert from "node:assert/strict";
import { freePort } from "../../support/mod.ts";

Deno.test("each call gives another port, although none of them is used", async () => {
  const ports = await Promise.all(Array.from({ length: 40 }, () => freePort()));
  assert.equal(new Set(ports).size, ports.length, ports.join());
  // Programs that a test starts, such as benchmarks, find their ports in processes of their own.
  const code = `import { freePort } from "${import.meta.resolve("../../support/free_port.ts")}";
    console.log(await freePort());`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  const other = Number(new TextDecoder().decode(stdout));
  assert.ok(other > 0 && !ports.includes(other), `${other}`);
});
