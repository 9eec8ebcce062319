import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, toHex, usableWebSeeds, utf8 } from "../../../../src/base/mod.ts";
import { bencode } from "../../../../src/bencode/mod.ts";
import {
  torrentInfoHash,
  torrentOfBytes,
  webSeedsOfTorrent,
  withWebSeeds,
} from "../../../../src/package/mod.ts";

const { torrent, infoHash } = torrentOfBytes("tool-1.0.0.tgz", new Uint8Array(1_000));
const urls = ["https://example.org/p/", "http://example.net:8080/tool-1.0.0.tgz"];

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

Deno.test("web seeds are written beside the info dictionary, so the infohash stays", () => {
  const seeded = withWebSeeds(torrent, urls);
  assert.equal(toHex(torrentInfoHash(seeded)!), toHex(infoHash));
  assert.deepEqual(webSeedsOfTorrent(seeded), urls);
  const list = urls.map((url) => `${url.length}:${url}`).join("");
  assert.equal(text(seeded), `${text(torrent).slice(0, -1)}8:url-listl${list}ee`);
});

Deno.test("web seeds are replaced and removed, and all other members keep their bytes", () => {
  const other = bencode({
    announce: "http://t.example/",
    info: { length: 1, name: "a", "piece length": 16_384, pieces: new Uint8Array(20) },
    "url-list": "http://old.example/",
    zebra: 1,
  });
  const replaced = withWebSeeds(other, urls);
  assert.deepEqual(webSeedsOfTorrent(replaced), urls);
  assert.equal(
    text(withWebSeeds(replaced, [])),
    text(other).replace("8:url-list19:http://old.example/", ""),
  );
  assert.equal(text(withWebSeeds(replaced, ["http://old.example/"])).includes("l19:http:"), true);
});

Deno.test("a url-list is one URL or a list, and unusable entries are left out", () => {
  const read = (list: unknown) =>
    webSeedsOfTorrent(bencode({ info: {}, "url-list": list as string }));
  assert.deepEqual(read("http://a.example/"), ["http://a.example/"]);
  assert.deepEqual(read(["ftp://a.example/", new Uint8Array([0xff]), "http://b.example/", 7]), [
    "http://b.example/",
  ]);
  assert.deepEqual(read(""), []);
  assert.deepEqual(read(5), []);
  assert.deepEqual(read({ a: 1 }), []);
  assert.deepEqual(read(Array(4_000).fill("http://a.example/")), [], "longer than is read");
});

Deno.test("bytes that are no torrent have no web seeds, and get none", () => {
  for (const bytes of ["", "d", "le", "d8:url-list", "d8:url-list17:http://a.example/ex"]) {
    assert.deepEqual(webSeedsOfTorrent(utf8(bytes)), []);
    assert.equal(text(withWebSeeds(utf8(bytes), urls)), bytes);
  }
  const cut = concatBytes(torrent).subarray(0, -1);
  assert.equal(withWebSeeds(cut, urls), cut);
});

Deno.test("no bytes make reading or writing web seeds throw, and what is written is read", () => {
  const url = fc.webUrl({ withQueryParameters: true }).filter((text) => text.length < 100);
  const any = fc.oneof(fc.uint8Array(), fc.string().map((text) => utf8(`d8:url-list${text}e`)));
  fc.assert(
    fc.property(any, fc.array(url, { maxLength: 5 }), (bytes, some) => {
      webSeedsOfTorrent(bytes);
      withWebSeeds(bytes, some);
      const usable = usableWebSeeds(some);
      const seeded = withWebSeeds(torrent, usable);
      assert.deepEqual(webSeedsOfTorrent(seeded), usable);
      assert.equal(toHex(torrentInfoHash(seeded)!), toHex(infoHash));
    }),
    { numRuns: 30 },
  );
});
