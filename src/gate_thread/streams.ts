/**
 * The channels of TCP: connects to a checked address, and moves bytes in both directions.
 *
 * @module
 */

import { type Address, type Clock, formatAddress, isLoopback, parseAddress } from "../base/mod.ts";
import { type BoundConnection, connectFrom } from "./bound_connect.ts";
import type { Channel } from "./channel.ts";
import { Refusal } from "./errors.ts";
import type { Policy } from "./policy.ts";
import type { Opening } from "./protocol.ts";

/** Dependencies of {@linkcode connect}. Tests hand in names and certificates of their own. */
export interface Outside {
  clock: Clock;
  /** Returns the addresses of a host name, as text. */
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
/** Minimum and maximum length of a read buffer, bytes. An idle connection holds a small buffer. */
const READ_BYTES = [4 * 1024, 256 * 1024] as const;

/** The members of a connection that are used. */
export type Connection =
  & Pick<Deno.Conn, "read" | "write" | "closeWrite" | "close">
  & { localAddr: { hostname: string; port: number } };

/** A TCP connection of Deno, or one from a chosen address of this machine. */
type TcpConnection = Deno.TcpConn | BoundConnection;

/**
 * Connects to the address or name of an opening message, after checking it.
 *
 * @param isChosen whether the user has chosen this server in a setting. A web server may then be on this
 * machine, if a loopback address names it: no name of a stranger leads there
 */
export async function connect(
  { kind, host, port }: Opening,
  policy: Policy,
  outside: Outside,
  signal: AbortSignal,
  isChosen = false,
): Promise<Connection> {
  const connectTo = (address: Address, timeMs: number, chosen?: string) =>
    within<TcpConnection>(outside.clock, timeMs, signal, async (signal) => {
      const to = formatAddress(address);
      const from = chosen ?? policy.sendsFrom(address.length === 4 ? "IPv4" : "IPv6");
      if (from !== undefined) return await connectFrom(from, to, port, signal);
      const connection = await outside.connect(to, port, signal);
      connection.setNoDelay(true);
      return connection;
    });
  const address = parseAddress(host);
  if (kind === "router" && address?.length === 16) {
    const { to, from } = policy.routerIpv6(host);
    return await connectTo(to, TRY_MS, from);
  }
  if (kind === "router") return await connectTo(parseAddress(policy.router(host))!, TRY_MS);
  if (kind === "dial") {
    if (address && policy.mayDial(address, port)) return await connectTo(address, DIAL_MS);
    throw new Refusal(
      "ADDRESS_REFUSED",
      `${host} port ${port} is neither a public peer nor a neighbour that local discovery heard`,
    );
  }
  // A name could have another address at a second look-up, so the connection goes to an address
  // that was checked, and every address must be public.
  const texts = address ? [host] : await outside.lookUp(host).catch(() => [] as string[]);
  if (texts.length === 0) throw new Refusal("NAME_NOT_FOUND", `${host} has no address`);
  const addresses = texts.map((text) => {
    const one = parseAddress(text);
    if (one && policy.mayFetch(one, port)) return one;
    if (one && isChosen && address && isLoopback(one)) return one;
    throw new Refusal(
      "ADDRESS_REFUSED",
      `${address ? host : `${host} (${text})`} port ${port} is refused: web servers need public ` +
        "addresses and port 80, 443 or above 1023",
    );
  });
  let failure: unknown;
  for (const one of addresses.slice(0, MAX_TRIED)) {
    try {
      const connection = await connectTo(one, TRY_MS);
      return kind === "https" ? await secure(connection, host, outside, signal) : connection;
    } catch (error) {
      if (signal.aborted) throw error;
      failure = error;
    }
  }
  throw failure;
}

/**
 * Looks up a peer's host name. Returns the addresses that may be dialled at a port, at most eight,
 * in the form of `formatAddress`.
 */
export async function addressesOf(
  { host, port }: Opening,
  policy: Policy,
  { lookUp }: Outside,
): Promise<string[]> {
  const texts = await lookUp(host).catch(() => [] as string[]);
  if (texts.length === 0) throw new Refusal("NAME_NOT_FOUND", `${host} has no address`);
  const hosts = texts.slice(0, MAX_TRIED).map((text) => parseAddress(text))
    .filter((address) => address !== undefined && policy.mayDial(address, port))
    .map((address) => formatAddress(address!));
  if (hosts.length > 0) return hosts;
  throw new Refusal(
    "ADDRESS_REFUSED",
    `${host} port ${port} has no address of a public peer (${texts.slice(0, 3).join(", ")})`,
  );
}

/** Does the TLS handshake. The certificate must be of this name. */
async function secure(
  connection: TcpConnection,
  hostname: string,
  { clock, caCerts }: Outside,
  signal: AbortSignal,
): Promise<Connection> {
  return await within<Connection>(clock, TLS_MS, signal, async (signal) => {
    let opened: Connection = connection;
    signal.addEventListener("abort", () => close(opened));
    try {
      if ("secure" in connection) return await connection.secure(hostname, caCerts, signal);
      const secured = await Deno.startTls(connection, { hostname, caCerts });
      opened = secured as Connection;
      await secured.handshake();
      return opened;
    } catch (error) {
      close(opened);
      throw new Refusal("TLS_FAILED", `TLS with ${hostname}: ${(error as Error).message}`);
    }
  });
}

/** Runs work with a time limit. Aborts its signal at the limit, and throws `ETIMEDOUT`. */
async function within<T>(
  clock: Clock,
  timeMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = clock.after(timeMs, () => late.abort());
  try {
    return await work(AbortSignal.any([outer, late.signal]));
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new Refusal("ETIMEDOUT", `No answer within ${timeMs / 1_000} s`);
  } finally {
    timer.cancel();
  }
}

/** Moves bytes between a connection and a channel until both directions have ended. */
export async function carryStream(channel: Channel, connection: Connection): Promise<void> {
  channel.signal.addEventListener("abort", () => close(connection));
  if (channel.signal.aborted) return close(connection);
  channel.open(connection.localAddr.hostname, connection.localAddr.port);
  await Promise.all([read(channel, connection), write(channel, connection)]);
}

async function read(channel: Channel, connection: Connection): Promise<void> {
  let length: number = READ_BYTES[0];
  let buffer = new Uint8Array(length);
  for (;;) {
    const room = buffer.subarray(0, await channel.credit());
    if (room.length === 0) return;
    const count = await connection.read(room);
    if (count === null) return channel.end();
    // The next buffer is longer after a read that filled this one, and shorter after a small read.
    if (count === buffer.length) length = Math.min(length * 2, READ_BYTES[1]);
    else if (count < length / 8) length = Math.max(length / 2, READ_BYTES[0]);
    const mustCopy = count < buffer.length / 2;
    const bytes = mustCopy ? room.slice(0, count) : room.subarray(0, count);
    channel.send({ host: "", port: 0, bytes });
    if (!mustCopy || length < buffer.length) buffer = new Uint8Array(length);
  }
}

async function write(channel: Channel, connection: Connection): Promise<void> {
  for await (const { bytes } of channel.packets()) {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  }
  // The other end may have closed the connection already.
  await connection.closeWrite().catch(() => {});
}

function close(connection: Connection): void {
  try {
    connection.close();
  } catch {
    // Deno throws if the connection is closed already.
  }
}
