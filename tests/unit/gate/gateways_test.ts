import assert from "node:assert/strict";
import { parseAddress } from "../../../src/base/mod.ts";
import { Gateways } from "../../../src/gate/gateways.ts";

const at = (text: string) => parseAddress(text)!;
const HOUR_MS = 3_600_000;

Deno.test("only the default gateway counts as a router if the launcher knows it", () => {
  const gateways = new Gateways(false);
  gateways.gateway = "192.168.1.1";
  assert.equal(gateways.find("192.168.1.1", 0), "192.168.1.1");
  assert.equal(gateways.noteAnswer(at("192.168.1.1"), 0), true);
  assert.equal(gateways.noteAnswer(at("192.168.1.2"), 0), false);
  for (const text of ["192.168.1.2", "8.8.8.8", "router", "", "192.168.1.1.", "::1"]) {
    assert.equal(gateways.find(text, 0), undefined, text);
  }
  gateways.gateway = "192.168.1.2";
  assert.equal(gateways.find("192.168.1.1", 0), undefined, "the gateway has changed");
});

Deno.test("an address that answered a search counts as a router for an hour", () => {
  const gateways = new Gateways(false);
  assert.equal(gateways.find("192.168.1.1", 0), undefined);
  assert.equal(gateways.noteAnswer(at("192.168.1.1"), 0), true);
  assert.equal(gateways.find("192.168.1.1", HOUR_MS), "192.168.1.1");
  assert.equal(gateways.find("192.168.1.1", HOUR_MS + 1), undefined);
  gateways.gateway = "10.0.0.1";
  gateways.gateway = undefined;
  assert.equal(gateways.find("192.168.1.1", 0), undefined, "a change of the gateway forgets it");
});

Deno.test("only a private IPv4 address counts as a router", () => {
  const [strict, lax] = [new Gateways(false), new Gateways(true)];
  for (const text of ["8.8.8.8", "169.254.169.254", "224.0.0.1", "fd00::1", "::1"]) {
    strict.gateway = lax.gateway = text;
    assert.equal(strict.find(text, 0), undefined, text);
    assert.equal(lax.find(text, 0), undefined, text);
    assert.equal(strict.noteAnswer(at(text), 0), false, text);
  }
  strict.gateway = lax.gateway = "127.0.0.1";
  assert.equal(strict.find("127.0.0.1", 0), undefined);
  assert.equal(lax.find("127.0.0.1", 0), "127.0.0.1");
});

Deno.test("the memory of answers is bounded", () => {
  const gateways = new Gateways(false);
  for (let last = 1; last <= 9; last++) gateways.noteAnswer(at(`10.0.0.${last}`), 0);
  assert.equal(gateways.find("10.0.0.1", 0), undefined);
  assert.equal(gateways.find("10.0.0.9", 0), "10.0.0.9");
});
