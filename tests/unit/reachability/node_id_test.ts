/** Tests node ids that fit an address, with the vectors of BEP 42. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, fromHex, parseAddress, toHex } from "../../../src/base/mod.ts";
import { fitsAddress, makeNodeId } from "../../../src/reachability/mod.ts";

/** Address, last byte of the id, and an id that fits (BEP 42, test vectors). */
const vectors = [
  ["124.31.75.21", 1, "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"],
  ["21.75.31.124", 86, "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"],
  ["65.23.51.170", 22, "a5d43220bc8f112a3d426c84764f8c2a1150e616"],
  ["84.124.73.14", 65, "1b0321dd1bb1fe518101ceef99462b947a01ff41"],
  ["43.213.53.83", 90, "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"],
] as const;

for (const [address, seed, idHex] of vectors) {
  Deno.test(`the id of BEP 42 for ${address} and ${seed} fits, and is made`, () => {
    const id = fromHex(idHex)!;
    assert.ok(fitsAddress(id, address));
    assert.equal(id[19], seed);
    const made = makeNodeId(parseAddress(address)!, id);
    assert.equal(toHex(made), idHex);
  });
}

Deno.test("an id of another address does not fit", () => {
  for (const [address] of vectors) {
    const others = vectors.filter(([other]) => other !== address);
    for (const [, , idHex] of others) assert.equal(fitsAddress(fromHex(idHex)!, address), false);
  }
});

Deno.test("each of the 21 bits counts, and no other bit except those of the seed", () => {
  const [address, , idHex] = vectors[0];
  for (let bit = 0; bit < 157; bit++) {
    const id = fromHex(idHex)!;
    id[bit >> 3]! ^= 0x80 >> (bit & 7);
    assert.equal(fitsAddress(id, address), bit >= 21, `bit ${bit}`);
  }
});

Deno.test("a made id fits its address, of both families", () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  const random = fc.uint8Array({ minLength: 20, maxLength: 20 });
  fc.assert(fc.property(address, random, (address, random) => {
    const id = makeNodeId(address, random);
    assert.ok(fitsAddress(id, formatAddress(address)));
    assert.deepEqual(id.subarray(3), random.subarray(3));
  }));
});

Deno.test("every id fits a local address", () => {
  const id = new Uint8Array(20);
  for (const host of ["127.0.0.1", "10.1.2.3", "192.168.1.2", "172.16.0.9", "169.254.1.1"]) {
    assert.ok(fitsAddress(id, host), host);
  }
  for (const host of ["::1", "fe80::1", "fd00::1"]) assert.ok(fitsAddress(id, host), host);
  assert.equal(fitsAddress(id, "8.8.8.8"), false);
});
