import assert from "node:assert/strict";
import { Handshakes } from "../../../../src/engine/dial/mod.ts";

const peer = "192.0.2.1:6881";

Deno.test("with prefer, each form of handshake is followed by the other one", () => {
  const handshakes = new Handshakes("prefer");
  assert.equal(handshakes.first(peer), "encrypted");
  assert.equal(handshakes.second("encrypted"), "plain");
  assert.equal(handshakes.second("plain"), "encrypted");
});

Deno.test("with require or off, there is one form, whatever a peer accepted", () => {
  for (const [mode, form] of [["require", "encrypted"], ["off", "plain"]] as const) {
    const handshakes = new Handshakes(mode);
    handshakes.accepted(peer, "plain");
    assert.equal(handshakes.first(peer), form);
    assert.equal(handshakes.second(form), undefined);
  }
});

Deno.test("a peer that last accepted a plain handshake is dialled plainly first", () => {
  const handshakes = new Handshakes("prefer");
  handshakes.accepted(peer, "plain");
  assert.equal(handshakes.first(peer), "plain");
  assert.equal(handshakes.first("192.0.2.1:6882"), "encrypted");
  handshakes.accepted(peer, "encrypted");
  assert.equal(handshakes.first(peer), "encrypted");
});

Deno.test("peers beyond the limit push out the ones that accepted a handshake longest ago", () => {
  const handshakes = new Handshakes("prefer", 2);
  for (const address of ["a:1", "b:1", "a:1", "c:1"]) handshakes.accepted(address, "plain");
  assert.equal(handshakes.size, 2);
  assert.deepEqual(["a:1", "b:1", "c:1"].map((address) => handshakes.first(address)), [
    ...["plain", "encrypted", "plain"],
  ]);
});
