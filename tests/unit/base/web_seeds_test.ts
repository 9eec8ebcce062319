import assert from "node:assert/strict";
import {
  MAX_WEB_SEED_BYTES,
  MAX_WEB_SEEDS,
  readWebSeed,
  usableWebSeeds,
  webSeedFile,
  webSeedTorrent,
} from "../../../src/base/mod.ts";

Deno.test("a web seed is an http or https URL, read as the URL standard writes it", () => {
  const cases: [string, string][] = [
    ["https://example.org/packages/", "https://example.org/packages/"],
    ["HTTP://Example.ORG:80/a/../b c.tgz", "http://example.org/b%20c.tgz"],
    ["https://example.org", "https://example.org/"],
    ["https://bücher.example/ü/", "https://xn--bcher-kva.example/%C3%BC/"],
    ["http://[2606:4700::1]:8080/x?y=1", "http://[2606:4700::1]:8080/x?y=1"],
    ["http://192.0.2.300.example/", "http://192.0.2.300.example/"],
  ];
  for (const [text, url] of cases) assert.deepEqual(readWebSeed(text), { url }, text);
});

Deno.test("a text that cannot be a web seed is refused with the reason", () => {
  const cases: [string, RegExp][] = [
    ["example.org/a/", /no http or https URL/],
    ["ftp://example.org/", /no http or https URL/],
    ["http://", /no http or https URL/],
    ["", /no http or https URL/],
    ["https://user@example.org/", /credentials/],
    ["https://:pass@example.org/", /credentials/],
    ["https://example.org/#part", /fragment/],
    [`https://example.org/${"x".repeat(MAX_WEB_SEED_BYTES)}`, /longer than 512/],
    ["http://example.org:22/", /has a port that readers do not ask/],
    ["http://127.0.0.1/", /this machine or a private network/],
    ["http://0x7f.1/", /this machine or a private network/],
    ["http://10.1.2.3:8080/a/", /this machine or a private network/],
    ["http://[fd00::1]/", /this machine or a private network/],
    ["http://localhost/", /this machine or a private network/],
    ["http://a.localhost/", /this machine or a private network/],
    ["http://localhost./", /this machine or a private network/],
    ["http://169.254.169.254/", /no public address/],
    ["http://100.64.0.1/", /no public address/],
    ["http://[::ffff:8.8.8.8]/", /no public address/],
  ];
  for (const [text, problem] of cases) {
    const read = readWebSeed(text);
    assert.match("problem" in read ? read.problem : "accepted", problem, text);
  }
});

Deno.test("private addresses are accepted where the network may be local", () => {
  for (const url of ["http://127.0.0.1:8080/", "http://10.0.0.1/a/", "http://localhost/x.tgz"]) {
    assert.deepEqual(readWebSeed(url, { allowLocal: true }), { url });
  }
});

Deno.test("of a list the usable web seeds stay, each once, up to the bounds", () => {
  const long = (letter: string) => `https://example.org/${letter.repeat(180)}/`;
  assert.deepEqual(
    usableWebSeeds(["nonsense", "http://a.example", "http://a.example/", "ftp://b.example/"]),
    ["http://a.example/"],
  );
  const many = Array.from({ length: 9 }, (_, i) => `http://${i}.example/`);
  assert.deepEqual(usableWebSeeds(many), many.slice(0, MAX_WEB_SEEDS));
  assert.deepEqual(
    usableWebSeeds([long("a"), long("b"), long("c"), "http://short.example/"]),
    [long("a"), long("b"), "http://short.example/"],
  );
});

Deno.test("a directory serves each file by its name, a file only itself", () => {
  const name = "@scope+tool-1.0.0.tgz";
  const cases: [string, string, string][] = [
    ["/p/", "/p/%40scope%2Btool-1.0.0.tgz", "/p/%40scope%2Btool-1.0.0.torrent"],
    ["", "/%40scope%2Btool-1.0.0.tgz", "/%40scope%2Btool-1.0.0.torrent"],
    ["/p/t.tgz", "/p/t.tgz", "/p/t.torrent"],
    ["/p/download", "/p/download", "/p/download.torrent"],
    ["/t.tgz?k=1", "/t.tgz?k=1", "/t.torrent?k=1"],
    ["/p/?k=1", "/p/%40scope%2Btool-1.0.0.tgz?k=1", "/p/%40scope%2Btool-1.0.0.torrent?k=1"],
    [
      "/p/catalog-0123456789abcdef.jsonl",
      "/p/catalog-0123456789abcdef.jsonl",
      "/p/catalog-0123456789abcdef.torrent",
    ],
    [
      "/p/index-0123456789abcdef.bin",
      "/p/index-0123456789abcdef.bin",
      "/p/index-0123456789abcdef.torrent",
    ],
  ];
  for (const [webSeed, file, torrent] of cases) {
    assert.equal(webSeedFile(`https://e.example${webSeed}`, name), `https://e.example${file}`);
    assert.equal(
      webSeedTorrent(`https://e.example${webSeed}`, name),
      `https://e.example${torrent}`,
    );
  }
});

Deno.test("a file name cannot leave the directory of a web seed", () => {
  for (const name of ["../../etc/passwd", "a/b", "?x=1", "#f", "\\..\\x"]) {
    const { pathname, search, hash } = new URL(webSeedFile("https://e.example/p/", name));
    assert.match(pathname, /^\/p\/[^/]*$/, name);
    assert.equal(search + hash, "");
  }
});
