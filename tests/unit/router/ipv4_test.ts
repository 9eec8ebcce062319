/** Tests IPv4 addresses in dotted form. */

import assert from "node:assert/strict";
import { isExternalAddress, parseIpv4 } from "../../../src/router/ipv4.ts";

Deno.test("only the dotted form parses as an IPv4 address", () => {
  assert.deepEqual(parseIpv4("198.51.100.7"), Uint8Array.of(198, 51, 100, 7));
  for (
    const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.4.",
      "256.1.1.1",
      "01.2.3.4",
      "1.2.3.x",
      " 1.2.3.4",
    ]
  ) assert.equal(parseIpv4(text), undefined, text);
  for (const text of ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "x"]) {
    assert.equal(isExternalAddress(text), false, text);
  }
  // Behind a second router, the external address is a private one.
  assert.equal(isExternalAddress("192.168.0.2"), true);
});
