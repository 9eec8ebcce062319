import assert from "node:assert/strict";
import { Places } from "../../../../src/engine/rendezvous/places.ts";
import vectors from "../../../vectors/rendezvous.json" with { type: "json" };

const [one, other] = [vectors.places[0]!, vectors.places[1]!];

Deno.test("a place is found by its infohash and by what an encrypted handshake names", () => {
  const places = new Places();
  assert.ok(!places.has(one.infoHashHex));
  assert.equal(places.findObfuscated(one.obfuscatedHex), undefined);
  places.set(new Set(vectors.places.map(({ infoHashHex }) => infoHashHex)));
  for (const { infoHashHex, obfuscatedHex } of vectors.places) {
    assert.ok(places.has(infoHashHex));
    assert.equal(places.findObfuscated(obfuscatedHex), infoHashHex);
    assert.equal(places.findObfuscated(infoHashHex), undefined);
  }
  places.set(new Set([other.infoHashHex]));
  assert.ok(!places.has(one.infoHashHex));
  assert.equal(places.findObfuscated(one.obfuscatedHex), undefined);
  assert.equal(places.findObfuscated(other.obfuscatedHex), other.infoHashHex);
});
