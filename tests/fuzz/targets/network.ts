/**
 * Fuzz targets of data received over UDP: packets sent to a complete DHT node, and answers to its
 * lookups.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import npmBencode from "bencode";
import Dht from "bittorrent-dht";
import {
  compactNodes,
  concatBytes,
  formatAddress,
  isPublic,
  parseAddress,
  systemClock,
  utf8,
} from "../../../src/base/mod.ts";
import { parseCompactNodes } from "../../../src/base/compact_nodes.ts";
import { ItemReader } from "../../../src/dht/records/item_query.ts";
import { parseCompactPeers } from "../../../src/dht/records/peers.ts";
import { decodeHoleMessage, encodeHoleMessage } from "../../../src/engine/holes/message.ts";
import { resetFor } from "../../../src/base/utp_reset.ts";
import { DhtHost } from "../../../src/engine/dht/dht_host.ts";
import { applyReplacements, validatePacket } from "../../../src/engine/libraries/mod.ts";
import { verifySignature } from "../../../src/identity/mod.ts";
import { bdecode, bencode } from "../../../src/bencode/mod.ts";
import { AddressVotes } from "../../../src/reachability/mod.ts";
import { verifyItem } from "../../../src/records/mod.ts";
import { FakeSocket } from "../../support/fake_socket.ts";
import { signer } from "../seeds.ts";
import { readCorpus, stateless, type Target } from "../target.ts";
import { signedItem } from "../../support/signed.ts";

const SENDER = { address: "127.0.0.1", port: 7_000 };
const id = new Uint8Array(20).fill(3);
const pingT = utf8("ping");
const ping = bencode({ t: pingT, y: "q", q: "ping", a: { id } });

const krpcTarget: Target = {
  name: "krpc",
  cost: 3,
  async open() {
    applyReplacements();
    const socket = new FakeSocket();
    const host = new DhtHost({
      family: 4,
      clock: systemClock,
      bootstrap: [],
      createSocket: () => socket.asSocket(),
    });
    const dht = new Dht(
      {
        krpc: host.krpc,
        bootstrap: false,
        verify: (signature: Uint8Array, message: Uint8Array, key: Uint8Array) =>
          verifySignature(key, message, signature),
        maxValues: { max: 1_000, maxAge: 7_200_000 },
        maxAge: 7_200_000,
      } as never,
    );
    dht.on("error", () => {});
    assert.equal(await host.open(7_001), 7_001);
    dht.listen();
    return {
      input(bytes) {
        socket.sent.length = 0;
        socket.receive(bytes, SENDER);
        for (const { packet, to } of socket.sent) {
          // Besides its answer, the node may ping another node that has not responded for long.
          assert.ok(packet.length <= 1_472, `a packet of ${packet.length} bytes`);
          assert.ok(validatePacket(packet), "our own guard accepts the packets that we send");
          assert.ok(to.port >= 1 && to.port <= 65_535);
        }
        socket.sent.length = 0;
        socket.receive(ping, SENDER);
        const answer = socket.sent.find(({ packet }) => {
          const message = bdecode(packet) as Map<string, unknown>;
          return new TextDecoder().decode(message.get("t") as Uint8Array) === "ping";
        });
        assert.ok(answer, "the node went on answering");
      },
      async [Symbol.asyncDispose]() {
        host.close();
        await new Promise<void>((resolve) => dht.destroy(() => resolve()));
      },
    };
  },
};

/** The rate of queries from loopback is not limited. */
const SENDER_6 = { address: "::1", port: 7_000 };
const KRPC_QUERIES = ["ping", "find_node", "get_peers", "announce_peer", "get", "put"];

/** Packets to our node of IPv6, whose answers to BEP 5 and BEP 32 are code of our own. */
const krpc6Target: Target = {
  name: "krpc-ipv6",
  cost: 3,
  seeds: async () => {
    const queries = KRPC_QUERIES.map((q) => {
      const members = { id, target: id, info_hash: id, port: 6_881, want: ["n4", "n6"] };
      return bencode({ t: "aa", y: "q", q, a: members });
    });
    const nodes6 = compactNodes([{ id, host: "2600::8", port: 7_001 }], 6);
    const answer = bencode({ t: "aa", y: "r", r: { id, nodes6, values: [nodes6.slice(20)] } });
    return [...queries, answer, ...(await readCorpus("krpc")).values()];
  },
  async open() {
    applyReplacements();
    const socket = new FakeSocket();
    const host = new DhtHost({
      family: 6,
      clock: systemClock,
      bootstrap: [],
      createSocket: () => socket.asSocket(),
    });
    assert.equal(await host.open(7_001), 7_001);
    return {
      input(bytes) {
        socket.sent.length = 0;
        socket.receive(bytes, SENDER_6);
        for (const { packet, to } of socket.sent) {
          assert.ok(packet.length <= 1_472, `a packet of ${packet.length} bytes`);
          assert.ok(validatePacket(packet), "our own guard accepts the packets that we send");
          assert.ok(parseAddress(to.host)?.length === 16 && to.port >= 1 && to.port <= 65_535);
        }
        socket.sent.length = 0;
        socket.receive(ping, SENDER_6);
        const answered = socket.sent.some(({ packet, to }) =>
          to.host === SENDER_6.address && new TextDecoder().decode(packet).includes("4:ping1:y1:r")
        );
        assert.ok(answered, "the node went on answering");
      },
      [Symbol.asyncDispose]() {
        host.close();
        return Promise.resolve();
      },
    };
  },
};

const compactTarget: Target = {
  name: "compact",
  cost: 100,
  seeds: () => [
    concatBytes(...Array.from({ length: 9 }, (_, i) => Uint8Array.of(...id, 10, 0, 0, i, 26, 225))),
    compactNodes(
      Array.from({ length: 9 }, (_, i) => ({ id, host: `2600:${i}::1`, port: 6_881 + i })),
      6,
    ),
    concatBytes(
      ...["2600::1", "::1", "64:ff9b::10.0.0.1", "::ffff:1.2.3.4"].map((host) =>
        concatBytes(parseAddress(host)!, Uint8Array.of(26, 225))
      ),
    ),
    new Uint8Array(60_000).fill(9),
  ],
  open: stateless((bytes) => {
    for (const [family, length] of [[4, 6], [6, 18]] as const) {
      const nodes = parseCompactNodes(bytes, family);
      assert.ok(nodes.length <= 512);
      const values = Array.from(
        { length: bytes.length / length },
        (_, i) => bytes.subarray(i * length).slice(0, length),
      );
      const peers = parseCompactPeers(values);
      assert.ok(peers.length <= 256);
      for (const { host, port } of [...nodes, ...peers]) {
        assert.equal(formatAddress(parseAddress(host)!), host);
        assert.ok(!host.startsWith("0."));
        assert.ok(port >= 1 && port <= 65_535);
      }
      for (const node of nodes) assert.equal(node.id.length, 20);
    }
    // Votes of other nodes about our address have the same forms.
    for (const [family, voter] of [[4, "45.1.1.1"], [6, "2600::1"]] as const) {
      for (const length of [4, 6, 16, 18, 19]) {
        const votes = new AddressVotes(family, systemClock, () => {});
        for (let i = 0; i < 4; i++) {
          const from = family === 4 ? `45.${i}.1.1` : `2600:${i}::1`;
          votes.add(from, bytes.subarray(0, length));
        }
        const { external } = votes;
        votes.add(voter, bytes);
        if (!external) continue;
        const address = parseAddress(external.address)!;
        assert.ok(address.length === (family === 4 ? 4 : 16) && isPublic(address));
      }
    }
    for (const odd of [undefined, null, 5, "x".repeat(52), { length: 26 }, [bytes]]) {
      assert.deepEqual(parseCompactNodes(odd, 4), []);
      parseCompactPeers(odd);
    }
  }),
};

const salt = utf8("salt");
const key = { publicKey: signer.publicKey, salt };

function reply(r: Record<string, unknown>): Uint8Array {
  return bencode({ t: "aa", y: "r", r } as never);
}

const shownTarget: Target = {
  name: "shown",
  cost: 2,
  seeds: async () => {
    const values = ["text", 5, [1, ["x"]], { a: { b: [1] }, c: "d" }].map((value) =>
      bencode(value)
    );
    const items = values.map((value, seq) => signedItem(signer, { salt, seq, value }));
    const replies = items.map(({ publicKey, seq, signature, value }) =>
      reply({ id, token: id, nodes: id, k: publicKey, seq, sig: signature, v: bdecode(value) })
    );
    return [...replies, ...(await readCorpus("krpc")).values()];
  },
  open: stateless((bytes) => {
    if (!validatePacket(bytes)) return;
    const { r } = npmBencode.decode(Buffer.from(bytes)) as { r?: Record<string, unknown> };
    if (!r || typeof r !== "object") return;
    const shown = new ItemReader(key).read(r);
    if (shown.kind !== "item") return;
    assert.ok(verifyItem(shown.item), "an item that is not signed");
    assert.deepEqual(shown.item.publicKey, key.publicKey);
  }),
};

const resetTarget: Target = {
  name: "utp-reset",
  seeds: () => [
    Uint8Array.of(0x41, 0, 1, 2, ...new Uint8Array(12), 3, 4, 0, 0),
    Uint8Array.of(0x01, 1, 1, 2, ...new Uint8Array(12), 3, 4, 0, 0, 2, 4, 0, 0, 0, 0, 0, 1, 9, 5),
  ],
  open: stateless((bytes) => {
    const reset = resetFor(bytes, 1e12);
    if (!reset) return;
    assert.equal(reset.length, 20);
    assert.ok(reset.length <= bytes.length, "an answer that is larger than the packet");
    assert.deepEqual(reset.subarray(2, 4), bytes.subarray(2, 4));
    assert.equal(resetFor(reset, 1e12), undefined, "an answer to an answer");
  }),
};

/** Messages of hole punching (BEP 55). */
const holeTarget: Target = {
  name: "hole",
  seeds: () => [
    encodeHoleMessage({ type: "rendezvous", peer: { host: "5.1.1.1", port: 6_881 }, code: 0 }),
    encodeHoleMessage({ type: "error", peer: { host: "2600::1", port: 6_881 }, code: 2 }),
  ],
  open: stateless((bytes) => {
    const message = decodeHoleMessage(bytes);
    if (!message) return;
    const { host, port } = message.peer;
    assert.equal(formatAddress(parseAddress(host)!), host);
    assert.ok(port >= 1 && port <= 65_535);
    const encoded = encodeHoleMessage(message);
    const shared = Math.min(encoded.length, bytes.length);
    assert.deepEqual(encoded.subarray(0, shared - 4), bytes.slice(0, shared - 4));
  }),
};

export const networkTargets: readonly Target[] = [
  holeTarget,
  krpcTarget,
  krpc6Target,
  compactTarget,
  shownTarget,
  resetTarget,
];
