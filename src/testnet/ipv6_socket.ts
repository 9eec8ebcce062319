/**
 * A UDP socket on ::1 that looks to npm:bittorrent-dht like one on 127.0.0.1. The npm packages read
 * and write addresses of four bytes only. All nodes of a testnet of IPv6 have the one address ::1, so
 * the socket exchanges the two addresses in each packet and loses nothing: `nodes6` on the wire (BEP
 * 32) is `nodes` for the packages, and a peer of 18 bytes is one of 6.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { compactNodes, parseCompactAddress, parseCompactNodes } from "../base/mod.ts";
import { bdecode, type BDecoded, bencode, BencodeError } from "../bencode/mod.ts";

/** The loopback address of IPv6. */
export const LOOPBACK_6 = "::1";
/** The address by which the npm packages know {@linkcode LOOPBACK_6}. */
export const ALIAS = "127.0.0.1";

const LOOPBACK_6_BYTES = [...Array<number>(15).fill(0), 1];
const ALIAS_BYTES = [127, 0, 0, 1];

/** A socket with the members of `dgram.Socket` that npm:k-rpc-socket uses. */
export class Ipv6Socket extends EventEmitter {
  readonly #socket: Socket;

  constructor() {
    super();
    this.#socket = createSocket({
      type: "udp6",
      // Every receiver is on this machine, so no name is looked up.
      lookup: (address, _options, done) => done(null, address, 6),
    });
    this.#socket.on("listening", () => this.emit("listening"));
    this.#socket.on("error", (error) => this.emit("error", error));
    this.#socket.on("close", () => this.emit("close"));
    this.#socket.on("message", (bytes, from) => this.#receive(bytes, from));
  }

  /** Binds the port on ::1, whatever address the caller names. */
  bind(port: number): void {
    this.#socket.bind(port, LOOPBACK_6);
  }

  /** Returns the bound port, at the address that the packages know. */
  address(): { address: string; family: string; port: number } {
    return { address: ALIAS, family: "IPv4", port: this.#socket.address().port };
  }

  /** Sends a packet to a port of ::1, whatever address the caller names. */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    _host: string,
    done?: (error: Error | null) => void,
  ): void {
    const packet = translate(bytes.subarray(offset, offset + length), toIpv6);
    this.#socket.send(packet, 0, packet.length, port, LOOPBACK_6, done);
  }

  close(): void {
    this.#socket.close();
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    const packet = translate(bytes, toIpv4);
    this.emit("message", Buffer.from(packet), { ...from, address: ALIAS, family: "IPv4" });
  }
}

/**
 * Exchanges the addresses in a reply. Queries and errors have none, and a packet that is no bencode
 * stays as it is.
 */
function translate(
  packet: Uint8Array,
  exchange: (reply: Map<string, BDecoded>) => void,
): Uint8Array {
  let message: BDecoded;
  try {
    message = bdecode(packet);
  } catch (error) {
    if (error instanceof BencodeError) return packet;
    throw error;
  }
  const reply = message instanceof Map ? message.get("r") : undefined;
  if (!(reply instanceof Map)) return packet;
  exchange(reply);
  return bencode(message);
}

/** Replaces 127.0.0.1 by ::1. */
function toIpv6(reply: Map<string, BDecoded>): void {
  const nodes = parseCompactNodes(reply.get("nodes"), 4);
  if (reply.delete("nodes")) {
    reply.set("nodes6", compactNodes(nodes.map((node) => ({ ...node, host: LOOPBACK_6 })), 6));
  }
  exchangePeers(reply, ALIAS, LOOPBACK_6_BYTES);
}

/** Replaces ::1 by 127.0.0.1, and drops other addresses. */
function toIpv4(reply: Map<string, BDecoded>): void {
  const nodes = parseCompactNodes(reply.get("nodes6"), 6).filter(({ host }) => host === LOOPBACK_6);
  reply.delete("nodes6");
  // Nodes of the other DHT, which a node may add.
  reply.delete("nodes");
  if (nodes.length > 0) {
    reply.set("nodes", compactNodes(nodes.map((node) => ({ ...node, host: ALIAS })), 4));
  }
  exchangePeers(reply, LOOPBACK_6, ALIAS_BYTES);
}

/** Gives the peers that have one address another one. Drops the others. */
function exchangePeers(reply: Map<string, BDecoded>, from: string, to: readonly number[]): void {
  const values = reply.get("values");
  if (!Array.isArray(values)) return;
  const peers = values.flatMap((value) => {
    const peer = value instanceof Uint8Array ? parseCompactAddress(value) : undefined;
    return peer?.host === from ? [Uint8Array.of(...to, peer.port >> 8, peer.port & 0xff)] : [];
  });
  if (peers.length > 0) reply.set("values", peers);
  else reply.delete("values");
}
