import assert from "node:assert/strict";
import { isLocalAddress } from "../../../src/base/mod.ts";

Deno.test("loopback, private and link-local addresses are local, their neighbours are not", () => {
  const local = [
    "127.0.0.1",
    "10.255.0.1",
    "192.168.7.7",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.9.9",
  ];
  const others = [
    "126.0.0.1",
    "11.0.0.1",
    "192.169.0.1",
    "169.253.1.1",
    "172.15.0.1",
    "172.32.0.1",
  ];
  for (const host of local) assert.ok(isLocalAddress(host), host);
  for (const host of [...others, "100.64.0.1", "1.10.0.1", "8.8.8.8"]) {
    assert.ok(!isLocalAddress(host), host);
  }
});
