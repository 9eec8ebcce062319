import assert from "node:assert/strict";
import { concatBytes, utf8 } from "../../../../src/base/mod.ts";
import { clientNameOf } from "../../../../src/engine/details/client_name.ts";
import { makePeerId } from "../../../../src/engine/extended_handshake.ts";

const peerId = (text: string) =>
  concatBytes(utf8(text), new Uint8Array(20 - text.length).fill(255));

const known: [peerId: string, name: string][] = [
  ["-TR4050-", "Transmission 4.0.5"],
  ["-qB4650-", "qBittorrent 4.6.5"],
  ["-LT20A0-", "libtorrent 2.0.10"],
  ["-lt0D80-", "rTorrent 0.13.8"],
  ["-DE211s-", "Deluge 2.1.1"],
  ["-WW0203-", "WebTorrent 2.3"],
  ["-UT3553-", "µTorrent 3.5.5.3"],
  ["-ZZ1230-", "ZZ 1.2.3"],
  ["M7-11-0--", "BitTorrent 7.11.0"],
  ["A2-1-36-0-", "aria2 1.36.0"],
];
for (const [id, name] of known) {
  Deno.test(`a peer id that begins with ${id} is ${name}`, () => {
    assert.equal(clientNameOf(undefined, peerId(id)), name);
  });
}

Deno.test("our own peer id names libreseed and its version", () => {
  assert.equal(clientNameOf(undefined, makePeerId("1.12.3-beta.1")), "libreseed 1.12.3");
});

Deno.test("the extended handshake is preferred to the peer id", () => {
  assert.equal(clientNameOf(utf8("Ünïted 1.0"), peerId("-TR4050-")), "Ünïted 1.0");
  for (const none of [undefined, 7, "text", [], new Map(), new Uint8Array(), utf8(" \r\n\0")]) {
    assert.equal(clientNameOf(none, peerId("-TR4050-")), "Transmission 4.0.5");
  }
});

Deno.test("a peer that claims nothing that can be read has no name", () => {
  for (
    const id of ["", "-TR405", "-TR40\x1b0-", "-\x00R4050-", "T03A--00-", "M-1-2-3-", "A2-1-2-"]
  ) {
    assert.equal(clientNameOf(undefined, peerId(id)), undefined, JSON.stringify(id));
  }
  assert.equal(clientNameOf(undefined, null), undefined);
  assert.equal(clientNameOf(undefined, new Uint8Array()), undefined);
});

Deno.test("control, invisible and bidirectional characters are left out of a name", () => {
  const hostile = "\x1b[31mred\x1b[0m\r\nline\u2028two\u202egnp.exe\u200b\ufeff\u{e0041}\0end\x9b";
  assert.equal(clientNameOf(utf8(hostile), null), "[31mred [0m line two gnp.exe end");
});

Deno.test("bytes that are no UTF-8 are shown as replacement characters", () => {
  assert.equal(
    clientNameOf(Uint8Array.of(0x66, 0xff, 0xfe, 0xc0, 0x80, 0x6f), null),
    "f\ufffd\ufffd\ufffd\ufffdo",
  );
});

Deno.test("a name has at most 64 characters, and none is cut in the middle", () => {
  assert.equal(clientNameOf(utf8("a".repeat(1 << 20)), null), "a".repeat(64));
  assert.equal(clientNameOf(utf8("🦕".repeat(500)), null), "🦕".repeat(64));
  // 256 bytes are decoded: 85 characters of three bytes, and the first byte of another one.
  assert.equal(clientNameOf(utf8("\u200b".repeat(84) + "€€"), null), "€");
});
