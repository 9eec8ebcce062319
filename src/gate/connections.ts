/**
 * Opens the gate's TCP connections: to a peer by its address, or to a web server by its name. A
 * name is looked up here, all its addresses are checked, and the connection goes to a checked
 * address; TLS checks the certificate by the name.
 *
 * @module
 */

import { type Address, type Clock, formatAddress, parseAddress } from "../base/mod.ts";
import { BoundConnection } from "./bound_connect.ts";
import type { Connection } from "./channel.ts";
import type { Contacts } from "./contacts.ts";
import { GateError } from "./errors.ts";
import type { Gateways } from "./gateways.ts";
import type { OwnAddresses } from "./own_addresses.ts";
import { notARouter } from "./router_udp.ts";

/** Dependencies of {@linkcode Connections}. Tests hand in names and certificates of their own. */
export interface Outside {
  clock: Clock;
  /** Returns the addresses of a host name, as text. Rejects if the name has none. */
  lookUp(name: string): Promise<string[]>;
  connect(host: string, port: number, signal: AbortSignal): Promise<Deno.TcpConn>;
  /** Certificates in PEM form that are trusted beside Deno's. */
  caCerts: string[];
}

/** Time for a peer to accept a connection (ms). */
const DIAL_MS = 30_000;
/** Maximum number of a name's addresses to try, time limit for each, and for TLS (ms). */
const MAX_TRIED = 8;
const TRY_MS = 5_000;
const TLS_MS = 20_000;

/** A TCP connection of Deno, or one from a chosen address of this machine. */
type TcpConnection = Deno.TcpConn | BoundConnection;

/** Opens connections after checking their addresses and ports. */
export class Connections {
  readonly #outside: Outside;
  readonly #contacts: Contacts;
  readonly #own: OwnAddresses;

  constructor(outside: Outside, contacts: Contacts, own: OwnAddresses) {
    this.#outside = outside;
    this.#contacts = contacts;
    this.#own = own;
  }

  /** Connects to a peer. The peer must be public, or a neighbour heard by local discovery. */
  dial(host: string, port: number, signal: AbortSignal): Promise<TcpConnection> {
    const address = parseAddress(host);
    if (!address || !this.#contacts.mayDial(address, port, this.#outside.clock.now())) {
      throw new GateError(
        "ADDRESS_REFUSED",
        `${host} port ${port} is neither a public peer nor a neighbour that local discovery heard`,
      );
    }
    return this.#connect(address, port, DIAL_MS, signal);
  }

  /**
   * Looks up a peer's host name. Returns the addresses that may be dialled at a port, at most eight, in
   * the form of `formatAddress`.
   */
  async addressesOf(name: string, port: number): Promise<string[]> {
    const texts = await this.#outside.lookUp(name).catch(() => [] as string[]);
    if (texts.length === 0) throw new GateError("NAME_NOT_FOUND", `${name} has no address`);
    const nowMs = this.#outside.clock.now();
    const hosts = texts.slice(0, MAX_TRIED).map((text) => parseAddress(text))
      .filter((address) => address !== undefined && this.#contacts.mayDial(address, port, nowMs))
      .map((address) => formatAddress(address!));
    if (hosts.length > 0) return hosts;
    throw new GateError(
      "ADDRESS_REFUSED",
      `${name} port ${port} has no address of a public peer (${texts.slice(0, 3).join(", ")})`,
    );
  }

  /** Connects to the router. Also returns our own address on the connection, which UPnP needs. */
  async router(
    gateways: Gateways,
    text: string,
    port: number,
    signal: AbortSignal,
  ): Promise<Connection & { localAddress: string }> {
    const host = gateways.find(text, this.#outside.clock.now());
    if (!host || port === 0) throw notARouter(`${text} port ${port}`);
    const connection = await this.#connect(parseAddress(host)!, port, TRY_MS, signal);
    return {
      localAddress: connection.localAddr.hostname,
      read: (buffer) => connection.read(buffer),
      write: (bytes) => connection.write(bytes),
      closeWrite: () => connection.closeWrite(),
      close: () => connection.close(),
    };
  }

  /** Connects to a web server, by TLS or plainly. Every address of the name has to be public. */
  async reach(name: string, port: number, tls: boolean, signal: AbortSignal): Promise<Connection> {
    const texts = parseAddress(name)
      ? [name]
      : await this.#outside.lookUp(name).catch(() => [] as string[]);
    if (texts.length === 0) throw new GateError("NAME_NOT_FOUND", `${name} has no address`);
    const addresses = texts.map((text) => {
      const address = parseAddress(text);
      if (address && this.#contacts.mayFetch(address, port)) return address;
      throw new GateError(
        "ADDRESS_REFUSED",
        `${name} has the address ${text}; web seeds need public addresses and port 80, 443 or above 1023`,
      );
    });
    let failure: unknown;
    for (const address of addresses.slice(0, MAX_TRIED)) {
      try {
        const connection = await this.#connect(address, port, TRY_MS, signal);
        return tls ? await this.#secure(connection, name, signal) : connection;
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #connect(
    address: Address,
    port: number,
    timeMs: number,
    signal: AbortSignal,
  ): Promise<TcpConnection> {
    const host = formatAddress(address);
    const from = this.#own.of(address.length === 4 ? "IPv4" : "IPv6");
    const connection = await this.#within<TcpConnection>(
      timeMs,
      signal,
      (signal) =>
        from === undefined
          ? this.#outside.connect(host, port, signal)
          : BoundConnection.open(host, port, from, signal),
    );
    connection.setNoDelay(true);
    return connection;
  }

  #secure(connection: TcpConnection, name: string, signal: AbortSignal): Promise<Connection> {
    return this.#within<Connection>(TLS_MS, signal, async (signal) => {
      let opened: Connection = connection;
      const close = () => opened.close();
      signal.addEventListener("abort", close);
      try {
        const { caCerts } = this.#outside;
        if (connection instanceof BoundConnection) {
          return await connection.secure(name, caCerts, signal);
        }
        const secured = opened = await Deno.startTls(connection, { hostname: name, caCerts });
        await secured.handshake();
        return secured;
      } catch (error) {
        if (!signal.aborted) opened.close();
        throw new GateError("TLS_FAILED", `TLS with ${name}: ${(error as Error).message}`);
      } finally {
        signal.removeEventListener("abort", close);
      }
    });
  }

  /** Runs work with a time limit. Aborts its signal at the limit, and throws `ETIMEDOUT`. */
  async #within<T>(
    timeMs: number,
    outer: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = new AbortController();
    const timer = this.#outside.clock.after(timeMs, () => late.abort());
    try {
      return await work(AbortSignal.any([outer, late.signal]));
    } catch (error) {
      if (!late.signal.aborted) throw error;
      throw new GateError("ETIMEDOUT", `No answer within ${timeMs / 1_000} s`);
    } finally {
      timer.cancel();
    }
  }
}
