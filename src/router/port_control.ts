/**
 * Sends UDP requests to the port of PCP and NAT-PMP. Repeats a request until the router answers,
 * and drops datagrams of other senders. Detects which of the two protocols the router speaks.
 *
 * @module
 */

import { delay, parseAddress } from "../base/mod.ts";
import { RouterError } from "./errors.ts";
import { encodeAddressRequest, parseNatPmpAnswer } from "./nat_pmp.ts";
import { encodeAnnounce, parseHeader, PCP_VERSION } from "./pcp.ts";
import type { ClientContext } from "./protocol.ts";
import { familyOf, type Gateway, type PortControlSocket } from "./transport.ts";

/**
 * Pauses after each sending of a request (ms): from 250 ms, doubled each time (RFC 6886, section
 * 3.1). RFC 6887 begins with 3 s for PCP, because the server may be far away. Our router is in the
 * same network.
 */
const REQUEST_PAUSES_MS: readonly number[] = [250, 500, 1_000, 2_000, 4_000];
/** Time during which PCP may still answer after an answer by NAT-PMP (ms). */
const PCP_GRACE_MS = 500;

/** The UDP requests of one client to one router. */
export class PortControl {
  readonly #context: ClientContext;
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  #socket!: PortControlSocket;

  /** Address of the server. */
  get serverAddress(): string {
    return this.#socket.server.address;
  }

  private constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Opens the socket to a router. */
  static async open(context: ClientContext, gateway: Gateway): Promise<PortControl> {
    const control = new PortControl(context);
    control.#socket = await context.transport.openPortControl(gateway.address, (bytes, from) => {
      const { server } = control.#socket;
      if (from.address !== server.address || from.port !== server.port) return;
      for (const listener of [...control.#listeners]) listener(bytes);
    });
    return control;
  }

  /**
   * Sends requests, and repeats them after pauses, until a datagram of the router is the answer.
   *
   * @param read parses a datagram, and returns `undefined` for one that is no answer. An error that
   * `read` throws ends the request
   * @throws {RouterError} `ROUTER_SILENT`
   */
  async ask<T>(
    requests: readonly Uint8Array[],
    read: (bytes: Uint8Array) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    const answer = Promise.withResolvers<T>();
    // The answer may come while nothing waits for the promise.
    answer.promise.catch(() => {});
    const listener = (bytes: Uint8Array) => {
      try {
        const value = read(bytes);
        if (value !== undefined) answer.resolve(value);
      } catch (error) {
        answer.reject(error);
      }
    };
    this.#listeners.add(listener);
    const pausing = new AbortController();
    try {
      return await Promise.race([answer.promise, this.#repeat(requests, signal, pausing.signal)]);
    } finally {
      this.#listeners.delete(listener);
      pausing.abort();
    }
  }

  close(): void {
    this.#listeners.clear();
    this.#socket.close();
  }

  async #repeat(
    requests: readonly Uint8Array[],
    outer: AbortSignal,
    inner: AbortSignal,
  ): Promise<never> {
    const signal = AbortSignal.any([outer, inner]);
    for (const pauseMs of REQUEST_PAUSES_MS) {
      for (const request of requests) this.#socket.send(request);
      await delay(this.#context.clock, pauseMs, signal);
    }
    throw new RouterError("ROUTER_SILENT", "The router did not answer in time");
  }
}

/**
 * Detects whether a router speaks PCP or NAT-PMP, by requests that change nothing. Prefers PCP,
 * whose mappings carry a nonce that others cannot guess.
 *
 * @returns `undefined` if the router does not answer
 */
export async function probePortControl(
  { clock }: ClientContext,
  gateway: Gateway,
  control: PortControl,
  signal: AbortSignal,
): Promise<"PCP" | "NAT-PMP" | undefined> {
  const localAddress = parseAddress(gateway.localAddress ?? "");
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  // Resolves to `false` if the router refuses the version of PCP.
  const pcp = localAddress
    ? control.ask([encodeAnnounce(localAddress)], (bytes) => {
      // A server that refuses the version of the other request tells the version that it speaks.
      const header = parseHeader(bytes);
      return header && header.version === PCP_VERSION;
    }, either)
    : Promise.resolve(false);
  // There is no NAT-PMP for IPv6.
  if (familyOf(gateway) === 6) return await pcp.catch(() => false) ? "PCP" : undefined;
  const natPmp = control.ask(
    [encodeAddressRequest()],
    (bytes) => parseNatPmpAnswer(bytes)?.asked === "address" || undefined,
    either,
  );
  const settled = Promise.allSettled([pcp, natPmp]);
  try {
    const speaksPcp = pcp.catch(() => false);
    const first = await Promise.race([
      speaksPcp.then((yes) => yes ? "PCP" as const : natPmp.then(() => "NAT-PMP" as const)),
      natPmp.then(() => delay(clock, PCP_GRACE_MS, either)).then(() => "NAT-PMP" as const),
    ]).catch(() => undefined);
    return first ?? (await speaksPcp ? "PCP" : undefined);
  } finally {
    ending.abort();
    await settled;
  }
}
