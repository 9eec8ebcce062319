/**
 * Determining the process that occupies a port, from the output of `ss`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ControlError } from "../../../src/control/errors.ts";
import { namePortOwner, parseOwner } from "../../../src/host/port_owner.ts";

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

Deno.test("namePortOwner changes only the error TCP_PORT_IN_USE", async () => {
  const other = new ControlError("in-use", "HOME_IN_USE", "somebody else's");
  assert.equal(await namePortOwner(other, 6881), other);
  const unknown = new TypeError("no");
  assert.equal(await namePortOwner(unknown, 6881), unknown);
});
