import assert from "node:assert/strict";
import { parseAddress } from "../../../src/base/mod.ts";
import { Contacts, HEARD_MS } from "../../../src/gate/contacts.ts";

const at = (text: string) => parseAddress(text)!;

Deno.test("a neighbour may be dialled for an hour, only at the announced port", () => {
  const contacts = new Contacts(false);
  const neighbour = at("192.168.1.7");
  assert.ok(!contacts.mayDial(neighbour, 6_881, 0));
  contacts.noteHeard(neighbour, 6_881, 0);
  assert.ok(contacts.mayDial(neighbour, 6_881, HEARD_MS));
  assert.ok(!contacts.mayDial(neighbour, 6_881, HEARD_MS + 1));
  assert.ok(!contacts.mayDial(neighbour, 6_882, 1));
  assert.ok(!contacts.mayDial(at("192.168.1.71"), 6_881, 1));
  assert.ok(!contacts.mayFetch(neighbour, 6_881), "a web server is not a neighbour");
  assert.ok(!contacts.maySend(neighbour, 6_881));
});

Deno.test("the memory of neighbours is bounded, in total and for one address", () => {
  const contacts = new Contacts(false);
  for (let port = 2_000; port < 2_100; port++) contacts.noteHeard(at("10.0.0.1"), port, 0);
  const ports = Array.from({ length: 100 }, (_, i) => 2_000 + i)
    .filter((port) => contacts.mayDial(at("10.0.0.1"), port, 0));
  assert.deepEqual(ports, [2_092, 2_093, 2_094, 2_095, 2_096, 2_097, 2_098, 2_099]);
  for (let i = 0; i < 256; i++) contacts.noteHeard(at(`10.0.1.${i}`), 7_000, 0);
  assert.ok(!contacts.mayDial(at("10.0.0.1"), 2_099, 0), "the oldest are forgotten");
  assert.ok(contacts.mayDial(at("10.0.1.0"), 7_000, 0));
});

Deno.test("ports of system services are refused, and local addresses need allowLocal", () => {
  const [strict, lax] = [new Contacts(false), new Contacts(true)];
  const peer = at("2600::1");
  assert.deepEqual([22, 25, 80, 443, 1_024].filter((port) => strict.mayDial(peer, port, 0)), [
    ...[80, 443, 1_024],
  ]);
  assert.ok(!strict.maySend(peer, 80) && strict.maySend(peer, 1_024));
  assert.ok(!lax.maySend(at("8.8.8.8"), 7_000), "the socket is of IPv6 alone");
  for (const text of ["127.0.0.1", "::1", "fd00::1"]) {
    assert.ok(!strict.mayDial(at(text), 7_000, 0) && lax.mayDial(at(text), 7_000, 0), text);
  }
  for (const text of ["169.254.169.254", "fe80::1", "::ffff:127.0.0.1"]) {
    assert.ok(!lax.mayDial(at(text), 7_000, 0), text);
  }
});
