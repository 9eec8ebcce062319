/** Fuzz targets of `src/records`: the three kinds of DHT records (with flags), and magnet links. */

import assert from "node:assert/strict";
import { isTag } from "../../../src/base/mod.ts";
import { bdecode, type BDecoded } from "../../../src/bencode/mod.ts";
import {
  decodeAnnounceRecord,
  decodeManifestRecord,
  decodeNameIndex,
  encodeAnnounceRecord,
  encodeManifestRecord,
  encodeNameIndex,
  formatMagnet,
  mergeNameIndex,
  parseMagnet,
  RecordError,
} from "../../../src/records/mod.ts";
import { fromHexText, vectors } from "../seeds.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

const read = <T>(parse: () => T) => readOrRefuse(RecordError, parse);

async function recordValues(): Promise<Uint8Array[]> {
  const { records } = await vectors<{ records: { item: { valueHex: string } }[] }>("records");
  return records.map(({ item }) => fromHexText(item.valueHex));
}

/** Whether a decoded value is a dictionary whose keys are all among `keys`. */
function hasOnly(decoded: BDecoded, keys: string[]): boolean {
  return decoded instanceof Map && [...decoded.keys()].every((key) => keys.includes(key));
}

const recordsTarget: Target = {
  name: "records",
  seeds: recordValues,
  open: stateless((bytes) => {
    const manifest = read(() => decodeManifestRecord(bytes));
    if (manifest && hasOnly(bdecode(bytes), ["h", "ih", "l", "n", "s", "t", "v"])) {
      assert.deepEqual(encodeManifestRecord(manifest), bytes, "manifest record");
    }
    const announce = read(() => decodeAnnounceRecord(bytes));
    for (const { yanked, deprecated, tags } of announce?.flags?.values() ?? []) {
      for (const text of [...yanked.values(), ...deprecated.values()]) {
        assert.ok(!/\p{Cc}/u.test(text), "a terminal would obey the text");
      }
      assert.ok([...tags.keys()].every(isTag), "a tag that is none");
    }
    if (announce?.packages && !announce.catalogHasFlags) {
      const { packages, timestampMs, flags } = announce;
      const once = encodeAnnounceRecord({ packages, timestampMs, flags });
      const { packages: listed, ...again } = decodeAnnounceRecord(once);
      assert.deepEqual(
        encodeAnnounceRecord({ ...again, packages: listed! }),
        once,
        "announce record",
      );
    }
    const index = read(() => decodeNameIndex(bytes));
    if (!index) return;
    const again = read(() => encodeNameIndex(index.entries));
    if (again) assert.equal(decodeNameIndex(again).entries.length, index.entries.length);
    const merged = mergeNameIndex("name", 0, index.entries);
    assert.ok(merged.entries.length <= index.entries.length, "a merge made up entries");
  }),
};

const magnetTarget: Target = {
  name: "magnet",
  seeds: async () => {
    const { good } = await vectors<{ good: { link: string }[] }>("magnets");
    return good.map(({ link }) => new TextEncoder().encode(link));
  },
  open: stateless((bytes) => {
    const magnet = read(() => parseMagnet(new TextDecoder().decode(bytes)));
    if (!magnet) return;
    assert.ok(magnet.infoHash || magnet.publicKey, "a link that leads nowhere");
    assert.ok(!/\p{Cc}/u.test(magnet.name ?? ""), "a terminal would obey the name");
    for (const { port } of magnet.peers) assert.ok(port >= 1 && port <= 65_535);
    if (!magnet.infoHash) return;
    const link = formatMagnet({ ...magnet, infoHash: magnet.infoHash });
    // Percent-encoding may lengthen the link beyond the parser's limit. A link that is too long is
    // not parsed again.
    const { unreadPeers: _, ignored: __, ...whatWasRead } = magnet;
    if (link.length <= 8_192) assert.deepEqual(parseMagnet(link), whatWasRead, link);
  }),
};

export const recordTargets: readonly Target[] = [recordsTarget, magnetTarget];
