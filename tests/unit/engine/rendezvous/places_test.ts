import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Places } from "../../../../src/engine/rendezvous/places.ts";

const [ONE, OTHER] = ["11".repeat(20), "22".repeat(20)] as const;

function obfuscated(infoHashHex: string): string {
  return createHash("sha1").update("req2").update(infoHashHex, "hex").digest("hex");
}

Deno.test("a place is found by its infohash and by the hash of an encrypted handshake", () => {
  const places = new Places();
  assert.ok(!places.has(ONE));
  assert.equal(places.findObfuscated(obfuscated(ONE)), undefined);
  places.set(new Set([ONE, OTHER]));
  assert.ok(places.has(ONE));
  assert.equal(places.findObfuscated(obfuscated(ONE)), ONE);
  assert.equal(places.findObfuscated(ONE), undefined);
  places.set(new Set([OTHER]));
  assert.ok(!places.has(ONE));
  assert.equal(places.findObfuscated(obfuscated(ONE)), undefined);
  assert.equal(places.findObfuscated(obfuscated(OTHER)), OTHER);
});
