/**
 * The process that occupies a port, in the message of an error.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError } from "../../../src/base/mod.ts";
import { namePortOwner } from "../../../src/host/port_owner.ts";

Deno.test("namePortOwner changes only the error TCP_PORT_IN_USE", async () => {
  const find = () => Promise.resolve({ pid: 7, program: "other" });
  const other = new LibreseedError("in-use", "HOME_IN_USE", "somebody else's");
  await assert.rejects(namePortOwner(other, 6881, find), (thrown) => thrown === other);
  const unknown = new TypeError("no");
  await assert.rejects(namePortOwner(unknown, 6881, find), (thrown) => thrown === unknown);
  const taken = new LibreseedError("in-use", "TCP_PORT_IN_USE", "taken");
  await assert.rejects(namePortOwner(taken, 6881, find), /6881 is taken by other \(process 7\)/);
  const none = () => Promise.resolve(undefined);
  await assert.rejects(namePortOwner(taken, 6881, none), (thrown) => thrown === taken);
});
