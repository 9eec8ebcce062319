/**
 * Ways to use the DHT that the benchmark compares. They differ in who provides the DHT nodes, and
 * in whether torrents and records share a node. `shared`: libreseed with one DHT node for torrents
 * and records. `separate`: libreseed with one DHT node for torrents and a second for records.
 * `libraries`: npm:webtorrent's own DHT node for torrents, and a node of npm:bittorrent-dht for
 * records. `library`: one node of npm:bittorrent-dht for torrents and records.
 */

import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import DHT from "bittorrent-dht";
import WebTorrent from "webtorrent";
import { type Clock, systemClock } from "../../src/base/mod.ts";
import { parseHostPort } from "../../src/config/mod.ts";
import { DhtManager, type RateLimiter } from "../../src/dht/mod.ts";
import { createUdpSocket, Engine } from "../../src/engine/mod.ts";
import { type KeyPair, verifySignature } from "../../src/identity/mod.ts";
import { bencode } from "../../src/bencode/mod.ts";
import { targetOf } from "../../src/records/mod.ts";
import type { Counter } from "./counted_socket.ts";
import { signedItem } from "../../tests/support/signed.ts";

/** A record to put into the DHT. */
export interface RecordToPut {
  keys: KeyPair;
  salt: Uint8Array;
  seq: number;
  /** The bencoded value of the record. */
  value: Uint8Array;
}

/** One of the compared ways to use the DHT. */
export interface Side {
  /** Puts a record. Resolves when enough nodes hold the record, or when all nodes were tried. */
  put(record: RecordToPut): Promise<void>;
  /** Gets the value of a record from the DHT. */
  get(publicKey: Uint8Array, salt: Uint8Array): Promise<Uint8Array | undefined>;
  announce(infoHash: Uint8Array, port: number): Promise<void>;
  /** Searches for peers of a torrent, and returns the number of peers found. */
  findPeers(infoHash: Uint8Array): Promise<number>;
  /** Discards the state of finished lookups, which normally happens after some minutes. */
  forgetLookups(): void;
}

/** Names of the compared ways to use the DHT. */
export type SideName = keyof typeof sides;

/**
 * The compared ways, each as a function that starts it. `bootstrap` is the address of the bootstrap
 * node, `HOST:PORT`; `counter` counts the packets.
 */
export const sides = {
  async shared(bootstrap: string, counter: Counter): Promise<Side> {
    return ourSide(await startOurs(bootstrap, counter));
  },

  async separate(bootstrap: string, counter: Counter): Promise<Side> {
    const torrents = ourSide(await startOurs(bootstrap, counter));
    const records = ourSide(await startOurs(bootstrap, counter));
    return {
      ...torrents,
      put: (record) => records.put(record),
      get: (publicKey, salt) => records.get(publicKey, salt),
    };
  },

  async libraries(bootstrap: string, counter: Counter): Promise<Side> {
    const options = { bootstrap: [bootstrap], verify };
    const client = new WebTorrent({
      dht: { ...options, socket: counter.socket() },
      tracker: false,
      lsd: false,
      natUpnp: false,
      natPmp: false,
      utp: false,
    } as never) as unknown as { dht: Dht };
    const records = new DHT({ ...options, socket: counter.socket() }) as unknown as Dht;
    records.listen(0);
    const torrents = client.dht;
    await Promise.all([records, torrents].map(ready));
    return { ...librarySide(records), ...peerSide(torrents, [records, torrents]) };
  },

  async library(bootstrap: string, counter: Counter): Promise<Side> {
    const dht = new DHT({
      bootstrap: [bootstrap],
      verify,
      socket: counter.socket(),
    }) as unknown as Dht;
    dht.listen(0);
    await ready(dht);
    return { ...librarySide(dht), ...peerSide(dht, [dht]) };
  },
};

interface Dht {
  ready?: boolean;
  once(event: "ready", listener: () => void): void;
  listen(port: number): void;
  put(options: Record<string, unknown>, done: (error: Error | null) => void): void;
  get(
    target: Buffer,
    options: Record<string, unknown>,
    done: (error: Error | null, result: { v: Uint8Array } | null) => void,
  ): void;
  announce(infoHash: Buffer, port: number, done: (error: Error | null) => void): void;
  lookup(infoHash: Buffer, done: (error: Error | null) => void): void;
  on(event: "peer", listener: (peer: { host: string; port: number }, of: Buffer) => void): void;
  removeListener(event: "peer", listener: unknown): void;
  _tables: { clear(): void };
}

function verify(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  return verifySignature(key, message, signature);
}

function ready(dht: Dht): Promise<void> {
  return new Promise((resolve) => dht.ready ? resolve() : dht.once("ready", resolve));
}

function settle(run: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => error ? reject(error) : resolve()));
}

function librarySide(dht: Dht): Pick<Side, "put" | "get"> {
  return {
    put: ({ keys, salt, seq, value }) =>
      settle((done) =>
        dht.put({
          k: Buffer.from(keys.publicKey),
          salt: Buffer.from(salt),
          seq,
          v: Buffer.from(value),
          sign: (message: Uint8Array) => Buffer.from(keys.signBytes(message)),
        }, done)
      ),
    get: (publicKey, salt) =>
      new Promise((resolve, reject) => {
        const target = Buffer.from(targetOf(publicKey, salt));
        // `cache: false`, because npm:bittorrent-dht would otherwise answer from its own cache.
        dht.get(
          target,
          { salt: Buffer.from(salt), cache: false },
          (error, result) => error ? reject(error) : resolve(result?.v),
        );
      }),
  };
}

function peerSide(dht: Dht, all: Dht[]): Omit<Side, "put" | "get"> {
  return {
    announce: (infoHash, port) => settle((done) => dht.announce(Buffer.from(infoHash), port, done)),
    async findPeers(infoHash) {
      const wanted = Buffer.from(infoHash);
      const found = new Set<string>();
      const hear = ({ host, port }: { host: string; port: number }, of: Buffer) => {
        if (of.equals(wanted)) found.add(`${host}:${port}`);
      };
      dht.on("peer", hear);
      await settle((done) => dht.lookup(wanted, done));
      dht.removeListener("peer", hear);
      return found.size;
    },
    forgetLookups: () => all.forEach((one) => one._tables.clear()),
  };
}

/**
 * Starts a DHT manager that uses the node of an engine of its own: the node of IPv6 if the bootstrap
 * node has an address of IPv6.
 */
export async function startOurs(
  bootstrap: string,
  counter: Counter,
  limiter?: RateLimiter,
  clock: Clock = systemClock,
): Promise<DhtManager> {
  const address = parseHostPort(bootstrap);
  const isIpv6 = address.host.includes(":");
  const engine = await Engine.start({
    clock: systemClock,
    port: 0,
    dht: true,
    bootstrap: [address],
    createSocket: () => counter.counting(createUdpSocket()),
    createSocket6: () => counter.counting(createUdpSocket6()),
  });
  await engine.useIpv6(isIpv6);
  const family = isIpv6 ? 6 : 4;
  return new DhtManager({
    nodes: () => engine.nodes().filter((node) => node.family === family),
    clock,
    limiter,
  });
}

function createUdpSocket6() {
  return createSocket({
    type: "udp6",
    ipv6Only: true,
    lookup: (address, _options, done) => done(null, address, 6),
  });
}

function ourSide(manager: DhtManager): Side {
  return {
    async put({ keys, salt, seq, value }) {
      await manager.put(signedItem(keys, { salt, seq, value: bencode(value) }));
    },
    async get(publicKey, salt) {
      return (await manager.get({ publicKey, salt })).item?.value;
    },
    async announce(infoHash, port) {
      await manager.announcePeer(infoHash, port);
    },
    async findPeers(infoHash) {
      return (await manager.findPeers(infoHash)).peers.length;
    },
    forgetLookups() {},
  };
}
