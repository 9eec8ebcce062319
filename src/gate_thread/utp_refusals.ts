/**
 * The channel that refuses uTP (BEP 29) at a port where only TCP is spoken: it answers neighbours
 * with an ST_RESET, and tells the asking thread their addresses. Most programs dial a neighbour that
 * has announced itself by uTP first, and by TCP only seconds later if nobody answers.
 *
 * Such a neighbour may be dialled from then on, as one that has announced itself: a program has TCP
 * and uTP at ports of one number. libtorrent dials by TCP up to a second after the ST_RESET, but takes
 * our connection at once.
 *
 * @module
 */

import {
  type Clock,
  formatAddress,
  isNodePort,
  peerAddressBytes,
  resetFor,
  TokenBucket,
} from "../base/mod.ts";
import type { UdpRules } from "./datagrams.ts";
import { Refusal } from "./errors.ts";
import type { Interface, Policy } from "./policy.ts";
import { bindUdp, type UdpSocket } from "./udp_sockets.ts";

/** Rate limit of all ST_RESETs. Each has 20 bytes, and is never longer than what it answers. */
const RATE = { burst: 64, perSecond: 8 };

/** Binds the sockets. Throws if none can be bound to the port. */
export function openRefusals(policy: Policy, clock: Clock, port: number): UdpRules {
  if (!isNodePort(port)) {
    throw new Refusal("ADDRESS_REFUSED", `The gate does not bind the system port ${port}`);
  }
  const rate = new TokenBucket(RATE, clock.now());
  const bound = (["IPv6", "IPv4"] as const).flatMap((family) => bind(policy, family, port));
  if (bound.length === 0) throw new Refusal("EADDRINUSE", `UDP port ${port} is taken`);
  const refuse = (socket: UdpSocket): UdpSocket => ({
    ...socket,
    receive: (onDatagram) =>
      socket.receive(({ host, port, bytes }) => {
        const address = peerAddressBytes(host);
        const reset = address && resetFor(bytes, clock.now());
        if (!reset || !policy.noteNeighbour(address, port) || !rate.take(clock.now())) return;
        void socket.send({ host, port, bytes: reset });
        onDatagram({ host: formatAddress(address), port, bytes: new Uint8Array() });
      }),
  });
  return {
    port,
    sockets: bound.map(refuse),
    send: () => Promise.reject(new Refusal("BAD_REQUEST", "Refusals take no packets")),
    accepts: () => true,
  };
}

/**
 * Binds a socket of one family. The socket of IPv6 comes first: on most systems it serves IPv4, too,
 * and that of IPv4 then finds its port taken.
 */
function bind(policy: Policy, family: Interface["family"], port: number): UdpSocket[] {
  try {
    return [bindUdp(policy.sendsFrom(family) ?? (family === "IPv6" ? "::" : "0.0.0.0"), port)];
  } catch {
    // The other family goes on.
    return [];
  }
}
