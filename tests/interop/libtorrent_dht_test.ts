import assert from "node:assert/strict";
import { fromHex, systemClock, toHex, utf8 } from "../../src/base/mod.ts";
import { DhtManager } from "../../src/dht/mod.ts";
import { Engine } from "../../src/engine/mod.ts";
import { keyPairFromSeed, parsePublicKey } from "../../src/identity/mod.ts";
import { parseMinimal } from "../../src/package/mod.ts";
import { bdecode, bencode } from "../../src/bencode/mod.ts";
import {
  announceSalt,
  decodeAnnounceRecord,
  decodeManifestRecord,
  manifestSalt,
  verifyItem,
} from "../../src/records/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { runLibtorrent } from "./libtorrent.ts";
import { seededPackage } from "./seeded_package.ts";

const needs = ["python3-libtorrent"];
/**
 * Number of DHT nodes. A complete routing table of so many nodes exceeds the 1,500 bytes that
 * libtorrent reads from a packet.
 */
const NODES = 200;

await interopTest(
  "libtorrent that knows only our node reads our manifest and announce records",
  needs,
  async () => {
    await using seeded = await seededPackage({ nodes: NODES, nodesPerAnswer: 8 });
    const publicKey = parsePublicKey(seeded.publisher);
    const salts = [manifestSalt("hello", "1.0.0"), announceSalt(publicKey)];
    const items = await runLibtorrent({
      do: "get",
      bootstrap: `127.0.0.1:${seeded.port}`,
      keys: salts.map((salt) => [toHex(publicKey), toHex(salt)]),
    });
    const values = items.map(({ salt, seq, signature, value }, i) => {
      assert.equal(salt, toHex(salts[i]!));
      const item = {
        publicKey,
        salt: salts[i]!,
        seq: seq as number,
        value: fromHex(value as string)!,
        signature: fromHex(signature as string)!,
      };
      assert.ok(verifyItem(item), "the item that libtorrent read has our signature");
      return item.value;
    });
    const minimal = parseMinimal(await Deno.readFile(seeded.minimalPath));
    const manifest = decodeManifestRecord(values[0]!);
    assert.equal(toHex(manifest.infoHash), seeded.infoHashHex);
    assert.equal(toHex(manifest.archiveSha256), seeded.sha256);
    assert.equal(manifest.lengthBytes, minimal.length);
    assert.equal(manifest.name, "hello");
    assert.equal(manifest.version, "1.0.0");
    assert.equal(decodeAnnounceRecord(values[1]!).count, 1);
  },
);

await interopTest(
  "we read a mutable item that libtorrent put through our node with a large routing table",
  needs,
  async () => {
    await using testnet = await startTestnet({ nodes: NODES, nodesPerAnswer: 8 });
    const engine = await Engine.start({
      clock: systemClock,
      port: 0,
      dht: true,
      bootstrap: [],
      knownNodes: testnet.nodes.map(({ idHex, port }) => (
        { id: fromHex(idHex), host: "127.0.0.1", port }
      )),
    });
    try {
      const known = engine.node()!.tableSize();
      assert.ok(known > 60, `${known} contacts of 26 bytes are more than libtorrent reads at once`);
      const seed = crypto.getRandomValues(new Uint8Array(32));
      const { publicKey } = keyPairFromSeed(seed);
      const [put] = await runLibtorrent({
        do: "put",
        bootstrap: `127.0.0.1:${engine.port}`,
        seed: toHex(seed),
        publicKey: toHex(publicKey),
        salt: "from libtorrent",
        value: "hello, libreseed",
      });
      assert.ok(put!.stored as number > 0, `stored on ${put!.stored} nodes`);
      const manager = new DhtManager({
        nodes: () => [engine.node()!],
        clock: systemClock,
      });
      const { item, invalid } = await manager.get({ publicKey, salt: utf8("from libtorrent") });
      assert.equal(invalid, 0);
      assert.deepEqual(item?.value, bencode("hello, libreseed"));
      assert.deepEqual(bdecode(item.value), utf8("hello, libreseed"));
      assert.equal(item.seq, 1);
    } finally {
      await engine.close();
    }
  },
);
