/**
 * The channel of local discovery (BEP 14): announces torrents to the own network by multicast, and
 * passes on the announcements of neighbours. The gate reads of an announcement only its port, at
 * which the neighbour may be dialled from then on. The asking thread reads the rest.
 *
 * @module
 */

import { type Clock, delay, parseAddress, toHex, TokenBucket } from "../base/mod.ts";
import type { UdpRules } from "./datagrams.ts";
import { Refusal } from "./errors.ts";
import type { Interface, Policy } from "./policy.ts";
import type { Packet } from "./protocol.ts";
import { bindUdp, type UdpSocket } from "./udp_sockets.ts";

/** Groups and port to which announcements are sent (BEP 14). */
const GROUPS = { IPv4: "239.192.152.143", IPv6: "ff15::efc0:988f" } as const;
const PORT = 6_771;
/** Length of an infohash, bytes. */
const HASH_BYTES = 20;
/** Maximum number of infohashes in an announcement, whose length is at most 1,400 bytes (BEP 14). */
const MAX_HASHES = 24;
/** Rate limits of sent announcements, which wait, and of received ones, which are dropped. */
const SENT_RATE = { burst: 64, perSecond: 2 };
const HEARD_RATE = { burst: 256, perSecond: 32 };

/** Matches an announcement, and captures its port. */
const ANNOUNCEMENT =
  /^BT-SEARCH \* HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)*?Port:[ \t]*([1-9]\d{0,4})[ \t]*\r\n/i;

/**
 * Joins the groups on all interfaces.
 *
 * @param port port at which our torrents are served, for the announcements that name no other
 */
export async function openDiscovery(policy: Policy, clock: Clock, port: number): Promise<UdpRules> {
  // Our own announcements come back, and are recognised by the cookie. The asking thread does not
  // know it, so it cannot invent a neighbour.
  const cookie = crypto.randomUUID();
  const { interfaces } = policy;
  const hearing = await Promise.all([join("IPv4", interfaces), join("IPv6", interfaces)]);
  const sending = interfaces.flatMap(sender);
  const sent = new TokenBucket(SENT_RATE, clock.now());
  const heard = new TokenBucket(HEARD_RATE, clock.now());
  return {
    port: 0,
    sockets: [...hearing.flat(), ...sending.map(({ socket }) => socket)],
    async send({ port: other, bytes }) {
      const count = bytes.length / HASH_BYTES;
      if (!Number.isInteger(count) || count > MAX_HASHES) {
        throw new Refusal("BAD_REQUEST", `${bytes.length} bytes are not up to 24 infohashes`);
      }
      while (!sent.take(clock.now())) await delay(clock, 1_000 / SENT_RATE.perSecond);
      await Promise.all(sending.map(({ family, socket }) =>
        socket.send({
          host: GROUPS[family],
          port: PORT,
          bytes: encodeAnnouncement(family, other === 0 ? port : other, bytes, cookie),
        })
      ));
    },
    accepts(datagram) {
      if (!heard.take(clock.now())) return false;
      const text = String.fromCharCode(...datagram.bytes);
      const [, announced] = ANNOUNCEMENT.exec(text) ?? [];
      const address = parseAddress(datagram.host);
      return announced !== undefined && !text.includes(cookie) && address !== undefined &&
        policy.noteNeighbour(address, Number(announced));
    },
  };
}

/** Binds a socket that sends from an interface's address, and thus over this interface. */
function sender(
  { family, address }: Interface,
): { family: Interface["family"]; socket: UdpSocket }[] {
  try {
    const socket = bindUdp(address, 0);
    return [{ family, socket: { ...socket, receive: () => new Promise(() => {}) } }];
  } catch {
    // Link-local addresses need a zone. The interface's other addresses go on.
    return [];
  }
}

/** Binds a socket to the group, so that it gets no datagram that was sent to this machine alone. */
async function join(
  family: keyof typeof GROUPS,
  interfaces: readonly Interface[],
): Promise<UdpSocket[]> {
  const ours = interfaces.filter((one) => one.family === family);
  if (ours.length === 0) return [];
  try {
    const bound = bindUdp(GROUPS[family], PORT, true);
    await Promise.allSettled(
      ours.map(({ address, scopeid }) =>
        family === "IPv4"
          ? bound.socket.joinMulticastV4(GROUPS.IPv4, address)
          : bound.socket.joinMulticastV6(GROUPS.IPv6, scopeid ?? 0)
      ),
    );
    return [bound];
  } catch {
    // The other family goes on.
    return [];
  }
}

/**
 * Encodes an announcement.
 *
 * @param port port at which the torrents are served
 * @param hashes the infohashes, 20 bytes each
 * @param cookie text by which we recognise our own announcements
 */
export function encodeAnnouncement(
  family: keyof typeof GROUPS,
  port: number,
  hashes: Uint8Array,
  cookie: string,
): Packet["bytes"] {
  const host = family === "IPv6" ? `[${GROUPS.IPv6}]` : GROUPS.IPv4;
  const lines = ["BT-SEARCH * HTTP/1.1", `Host: ${host}:${PORT}`, `Port: ${port}`];
  for (let at = 0; at < hashes.length; at += HASH_BYTES) {
    lines.push(`Infohash: ${toHex(hashes.subarray(at, at + HASH_BYTES))}`);
  }
  return new TextEncoder().encode([...lines, `cookie: ${cookie}`, "", "", ""].join("\r\n"));
}
