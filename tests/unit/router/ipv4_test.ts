/** Tests which addresses can be the external ones of a router. */

import assert from "node:assert/strict";
import { isExternalAddress } from "../../../src/router/ipv4.ts";

Deno.test("only a unicast IPv4 address in dotted form can be an external address", () => {
  for (const text of ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"]) {
    assert.equal(isExternalAddress(text), false, text);
  }
  for (const text of ["", "x", "1.2.3", "256.1.1.1", "01.2.3.4", " 1.2.3.4", "2001:db8::1"]) {
    assert.equal(isExternalAddress(text), false, text);
  }
  assert.equal(isExternalAddress("198.51.100.7"), true);
  // Behind a second router, the external address is a private one.
  assert.equal(isExternalAddress("192.168.0.2"), true);
});
