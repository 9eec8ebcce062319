/**
 * The DHT node as its borrowers see it: sends queries over npm:k-rpc, each with a timeout and an
 * `AbortSignal`, and remembers which nodes do not answer. `dht_host.ts` lends it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Clock, Family } from "../../base/mod.ts";
import type { Contact, DhtNode, QueryName, QueryResult, QueryValue } from "../../dht/mod.ts";
import type { Krpc, KrpcError } from "../libraries/mod.ts";
import type { UdpSocket } from "./udp_socket.ts";
import type { UnresponsiveNodes } from "./unresponsive_nodes.ts";

/** Timeout of a query in npm:k-rpc. It also ends queries whose caller has stopped waiting. */
export const KRPC_TIMEOUT_MS = 2_000;
/** Number of consecutive timeouts after which a node is removed from the routing table. */
const MAX_TIMEOUTS = 2;

/** The node that {@linkcode DhtHost} lends. */
export class LentNode implements DhtNode {
  readonly family: Family;
  readonly #krpc: Krpc;
  readonly #udp: UdpSocket;
  readonly #clock: Clock;
  readonly #unresponsive: UnresponsiveNodes;

  constructor(
    krpc: Krpc,
    udp: UdpSocket,
    { clock, family, unresponsive }: {
      clock: Clock;
      family: Family;
      unresponsive: UnresponsiveNodes;
    },
  ) {
    this.family = family;
    this.#krpc = krpc;
    this.#udp = udp;
    this.#clock = clock;
    this.#unresponsive = unresponsive;
  }

  get id(): Uint8Array {
    return this.#krpc.id;
  }

  get port(): number {
    return this.#udp.port ?? 0;
  }

  tableSize(): number {
    return this.#krpc.nodes.count();
  }

  closest(target: Uint8Array, count: number) {
    return this.#krpc.nodes.closest(target, count).map(({ id, host, port }) => ({
      id,
      host,
      port,
    }));
  }

  isUnresponsive(contact: Contact): boolean {
    return this.#unresponsive.has(contact);
  }

  bootstrapContacts() {
    return this.#krpc.bootstrap;
  }

  query(
    to: Contact,
    name: QueryName,
    args: Record<string, QueryValue>,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<QueryResult> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve({ kind: "timeout" });
      if (!this.#udp.port) return resolve({ kind: "failed", why: "no UDP socket" });
      const sentMs = performance.now();
      let transaction = 0;
      const settle = (result: QueryResult) => {
        timer?.cancel();
        signal?.removeEventListener("abort", giveUp);
        resolve(result);
      };
      // On an abort the caller stops waiting, but the query in npm:k-rpc continues until its
      // timeout. Lookups abort most slow queries; without their timeouts, dead nodes would stay in
      // the routing table.
      const giveUp = () => settle({ kind: "timeout" });
      // A timeout that is not shorter than npm:k-rpc's own needs no timer here, because one timer
      // covers all of npm:k-rpc's queries.
      const timer = timeoutMs >= KRPC_TIMEOUT_MS ? undefined : this.#clock.after(timeoutMs, () => {
        this.#noteTimeout(to);
        giveUp();
        this.#krpc.socket.cancel(transaction);
      });
      signal?.addEventListener("abort", giveUp, { once: true });
      const peer = { host: to.host, port: to.port, id: to.id && asBuffer(to.id) };
      const query = { q: name, a: { ...args, id: this.#krpc.id } };
      transaction = this.#krpc.socket.query(peer, query, (error, message) => {
        const rttMs = performance.now() - sentMs;
        if (error) return settle(this.#failure(error, to, rttMs));
        this.#unresponsive.delete(to);
        settle({ kind: "reply", from: to, body: message?.r ?? {}, rttMs });
      });
    });
  }

  #failure(error: KrpcError, to: Contact, rttMs: number): QueryResult {
    if (error.code === "ETIMEDOUT") {
      this.#noteTimeout(to);
      return { kind: "timeout" };
    }
    if (error.code === "EUNEXPECTEDNODE") {
      if (to.id) this.#krpc.nodes.remove(Buffer.from(to.id));
      return { kind: "failed", why: "another node id" };
    }
    if (typeof error.code === "number") {
      return { kind: "refused", code: error.code, message: error.message, rttMs };
    }
    return { kind: "failed", why: "not sent" };
  }

  #noteTimeout(to: Contact): void {
    if (!to.id) return;
    if (this.#unresponsive.add(to) >= MAX_TIMEOUTS) this.#krpc.nodes.remove(Buffer.from(to.id));
  }
}

/**
 * Returns a `Buffer` over the same memory. npm:k-rpc-socket compares node ids with a method that
 * only `Buffer` has.
 */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
