import assert from "node:assert/strict";
import { concatBytes, fromHex, utf8 } from "../../../src/base/mod.ts";
import { MAX_ANNOUNCE_BYTES, parseAnnouncement } from "../../../src/gate/bep14.ts";
import { encodeAnnouncement } from "../../../src/gate_thread/discovery.ts";

const infoHashHex = "0123456789abcdef0123456789abcdef01234567";

function announcement(...lines: string[]): string {
  return ["BT-SEARCH * HTTP/1.1", "Host: 239.192.152.143:6771", ...lines, "", "", ""].join("\r\n");
}

Deno.test("our announcements parse to what was encoded, and keep to the length of BEP 14", () => {
  const infoHashesHex = Array.from(
    { length: 24 },
    (_, i) => i.toString(16).padStart(40, "0"),
  );
  for (const family of ["IPv4", "IPv6"] as const) {
    const written = { port: 65_535, infoHashesHex, cookie: crypto.randomUUID() };
    const hashes = concatBytes(...infoHashesHex.map((one) => fromHex(one)!));
    const bytes = encodeAnnouncement(family, written.port, hashes, written.cookie);
    assert.ok(bytes.length <= MAX_ANNOUNCE_BYTES, `${bytes.length} bytes`);
    assert.deepEqual(parseAnnouncement(bytes), written);
  }
});

Deno.test("announcements of other programs are parsed", () => {
  const expected = { port: 6_881, infoHashesHex: [infoHashHex] };
  const upper = announcement("Port: 6881", `Infohash: ${infoHashHex.toUpperCase()}`);
  assert.deepEqual(parseAnnouncement(utf8(upper)), expected);
  assert.deepEqual(parseAnnouncement(utf8(upper.slice(0, -2))), expected, "one empty line");
  const other = announcement("PORT:6881", `infohash:${infoHashHex}`, "X-Other: 1", "cookie: a1");
  assert.deepEqual(parseAnnouncement(utf8(other)), { ...expected, cookie: "a1" });
});

Deno.test("announcements that break BEP 14 are refused", () => {
  const port = "Port: 6881";
  const hash = `Infohash: ${infoHashHex}`;
  for (
    const text of [
      ...["", announcement(port), announcement(hash), announcement(port, port, hash)],
      ...["0", "65536", "06881", "-1", "1e3", "6881 1", ""].map((one) =>
        announcement(`Port: ${one}`, hash)
      ),
      announcement(port, hash.slice(0, -1)),
      announcement(port, `${hash}0`),
      announcement(port, "Infohash: zz"),
      announcement(port, hash, "no field"),
      announcement(port, hash).replace("BT-SEARCH", "GET"),
      announcement(port, hash).trimEnd(),
      `${announcement(port, hash)}more`,
      announcement(port, hash, `X: ${"x".repeat(1_400)}`),
      announcement(port, hash).replaceAll("\r\n", "\n"),
    ]
  ) assert.equal(parseAnnouncement(utf8(text)), undefined, JSON.stringify(text));
});
