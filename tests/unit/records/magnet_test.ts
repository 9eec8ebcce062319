import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import {
  formatMagnet,
  type Magnet,
  type MagnetPeer,
  parseMagnet,
  RecordError,
} from "../../../src/records/mod.ts";
import vectors from "../../vectors/magnets.json" with { type: "json" };

interface Written {
  infoHashHex?: string;
  name?: string;
  publicKeyHex?: string;
  saltHex?: string;
  peers: MagnetPeer[];
  unreadPeers?: string[];
  webSeeds?: string[];
  ignored?: string[];
}

function magnetOf(written: Written): Magnet {
  const { infoHashHex, name, publicKeyHex, saltHex, peers, unreadPeers, webSeeds, ignored } =
    written;
  return {
    peers,
    ...(unreadPeers && { unreadPeers }),
    ...(webSeeds && { webSeeds }),
    ...(ignored && { ignored }),
    ...(infoHashHex !== undefined && { infoHash: fromHex(infoHashHex)! }),
    ...(name !== undefined && { name }),
    ...(publicKeyHex !== undefined && { publicKey: fromHex(publicKeyHex)! }),
    ...(saltHex !== undefined && { salt: fromHex(saltHex)! }),
  };
}

for (const { what, link, magnet, canonical } of vectors.good) {
  Deno.test(`a magnet link is read: ${what}`, () => {
    assert.deepEqual(parseMagnet(link), magnetOf(magnet as Written));
  });
  if (canonical) {
    Deno.test(`a magnet link is written: ${what}`, () => {
      const { infoHash, ...rest } = magnetOf(magnet as Written);
      assert.equal(formatMagnet({ ...rest, infoHash: infoHash! }), link);
    });
  }
}

for (const { what, link, says } of vectors.bad) {
  Deno.test(`a magnet link is refused: ${what}`, () => {
    assert.throws(() => parseMagnet(link), (error) => {
      assert.ok(error instanceof RecordError, String(error));
      assert.equal(error.kind, "usage");
      assert.equal(error.code, "BAD_MAGNET");
      assert.match(error.message, new RegExp(says));
      return true;
    });
  });
}

Deno.test("a link of more than 8,192 characters is refused", () => {
  const link = `magnet:?xt=urn:btih:${"0".repeat(40)}&tr=`;
  assert.ok(parseMagnet(link.padEnd(8192, "x")));
  assert.throws(() => parseMagnet(link.padEnd(8193, "x")), RecordError);
});

Deno.test("a salt without a key, or an empty one, is not written", () => {
  const infoHash = new Uint8Array(20);
  const publicKey = new Uint8Array(32);
  const plain = formatMagnet({ infoHash });
  assert.equal(formatMagnet({ infoHash, salt: new Uint8Array(3) }), plain);
  assert.doesNotMatch(formatMagnet({ infoHash, publicKey, salt: new Uint8Array(0) }), /&s=/);
});

Deno.test("every name survives being written and read", () => {
  const infoHash = new Uint8Array(20).fill(0xab);
  const name = fc.string({ unit: "binary" }).filter((text) => !/\p{Cc}/u.test(text));
  fc.assert(fc.property(name, (name) => {
    assert.equal(parseMagnet(formatMagnet({ infoHash, name })).name, name);
  }));
});

Deno.test("a name cannot add parameters to the link", () => {
  const infoHash = new Uint8Array(20);
  const link = formatMagnet({ infoHash, name: "a&xs=urn:btpk:" + "00".repeat(32) + "#?=" });
  assert.deepEqual(Object.keys(parseMagnet(link)).sort(), ["infoHash", "name", "peers"]);
});

Deno.test("no text makes the parser throw anything but its own error", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "xt=",
      "xs=",
      "s=",
      "x.pe=",
      "ws=",
      "dn=",
      "&",
      "urn:btih:",
      "urn:btpk:",
      "%",
      "[",
      ":",
    ),
    fc.constantFrom("00".repeat(20), "00".repeat(32), "%ff", "127.0.0.1:1"),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(part), (parts) => {
    try {
      const magnet = parseMagnet(`magnet:?${parts.join("")}`);
      assert.ok(toHex(magnet.infoHash ?? magnet.publicKey!).length >= 40);
    } catch (error) {
      assert.ok(error instanceof RecordError, String(error));
    }
  }));
});
