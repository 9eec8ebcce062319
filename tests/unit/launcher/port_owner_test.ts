/**
 * Tests finding the process that listens on a port in the output of `ss`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseOwner } from "../../../src/launcher/port_owner.ts";

const line = "LISTEN 0      128          0.0.0.0:6881       0.0.0.0:*    ";

Deno.test("parseOwner reads the first line that names a process", () => {
  const text = `${line}users:(("python3",pid=4242,fd=3))\n${line}users:(("other",pid=1,fd=3))\n`;
  assert.deepEqual(parseOwner(text), { program: "python3", pid: 4242 });
  assert.deepEqual(parseOwner(`${line}users:(("a (b) c",pid=7,fd=3),("d",pid=8,fd=3))`), {
    program: "a (b) c",
    pid: 7,
  });
});

Deno.test("parseOwner finds no owner in output without a process", () => {
  for (const text of ["", line, "users:((", 'users:(("x",pid=,fd=1))', "ss: command failed\n"]) {
    assert.equal(parseOwner(text), undefined, text);
  }
});
