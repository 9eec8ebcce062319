/**
 * The channels of UDP: the socket of IPv6 for the DHT, and those to the router. `discovery.ts` has
 * local discovery.
 *
 * @module
 */

import { isNodePort, parseAddress } from "../base/mod.ts";
import type { Channel } from "./channel.ts";
import { Refusal } from "./errors.ts";
import type { Policy } from "./policy.ts";
import { MAX_PACKET_BYTES, type Opening, type Packet } from "./protocol.ts";
import { bindUdp, bindUdpIpv6, type UdpSocket } from "./udp_sockets.ts";

/** Ports of the router's protocols. Tests have a router at other ports. */
export interface RouterPorts {
  /** Server of PCP (RFC 6887, section 19.1) and NAT-PMP (RFC 6886, section 1.1). */
  portControl: number;
  /** Group of SSDP (UPnP Device Architecture 2.0, section 1.1.2). */
  ssdp: { host: string; port: number };
}

/** The protocols' own ports. */
export const ROUTER_PORTS: RouterPorts = {
  portControl: 5_351,
  ssdp: { host: "239.255.255.250", port: 1_900 },
};
/** The groups of SSDP over IPv6: of the link, and of the site (UPnP Device Architecture 2.0, annex A). */
const SSDP_GROUPS_IPV6 = ["ff02::c", "ff05::c"];

/** Matches a search for a router. The gate sends no search for other devices. */
const SEARCH =
  /^M-SEARCH \* HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)*ST: urn:schemas-upnp-org:(?:device:InternetGatewayDevice|service:WAN(?:IPConnection|PPPConnection|IPv6FirewallControl)):\d\r\n(?:[^\r\n]+\r\n)*\r\n$/;

/** The sockets of a UDP channel, and its rules. */
export interface UdpRules {
  sockets: UdpSocket[];
  /** Port that the asking thread is told. */
  port: number;
  /** Sends a packet of the asking thread to permitted addresses. */
  send(packet: Packet): Promise<unknown>;
  /** Whether the asking thread gets a received datagram. */
  accepts(datagram: Packet): boolean;
}

/** Binds the socket of a channel. Throws if the opening message asks for what is forbidden. */
export async function openUdp(
  { kind, host, port }: Opening,
  policy: Policy,
  ports: RouterPorts,
): Promise<UdpRules> {
  if (kind === "udp") {
    if (port !== 0 && !isNodePort(port)) {
      throw new Refusal("ADDRESS_REFUSED", `The gate does not bind the system port ${port}`);
    }
    const socket = await bindUdpIpv6(policy.bindsTo(host), port);
    return {
      sockets: [socket],
      port: socket.port,
      async send(packet) {
        const address = parseAddress(packet.host);
        if (address && policy.maySend(address, packet.port)) await socket.send(packet);
      },
      accepts: () => true,
    };
  }
  if (host.includes(":")) return await openIpv6(kind, host, policy, ports);
  const { portControl, ssdp } = ports;
  if (kind === "control") {
    const router = { host: policy.router(host), port: portControl };
    const socket = bindUdp(policy.sendsFrom("IPv4") ?? "0.0.0.0", 0);
    return {
      sockets: [socket],
      port: portControl,
      send: ({ bytes }) => socket.send({ ...router, bytes }),
      accepts: (from) => from.host === router.host && from.port === router.port,
    };
  }
  const receivers = [
    ssdp,
    ...(host === "" ? [] : [{ host: policy.router(host), port: ssdp.port }]),
  ];
  const socket = bindUdp(policy.sendsFrom("IPv4") ?? "0.0.0.0", 0);
  return {
    sockets: [socket],
    port: 0,
    send: ({ bytes }) => search(socket, receivers, bytes),
    accepts(from) {
      const address = parseAddress(from.host);
      return address !== undefined && policy.noteAnswer(address);
    },
  };
}

/** Binds a socket to the gateway of IPv6. */
async function openIpv6(
  kind: Opening["kind"],
  host: string,
  policy: Policy,
  { portControl, ssdp }: RouterPorts,
): Promise<UdpRules> {
  const { address, localAddress } = policy.gatewayAt(host);
  const [bare = "", zone] = address.split("%");
  if (kind === "control") {
    // A server maps the address from which the request comes (RFC 6887, section 8.1).
    const socket = await bindUdpIpv6(localAddress, 0);
    return {
      sockets: [socket],
      port: portControl,
      send: ({ bytes }) => socket.send({ host: address, port: portControl, bytes }),
      accepts: (from) => from.host === bare && from.port === portControl,
    };
  }
  const groups = zone === undefined ? [] : SSDP_GROUPS_IPV6.map((group) => `${group}%${zone}`);
  const receivers = [...groups, address].map((host) => ({ host, port: ssdp.port }));
  const socket = await bindUdpIpv6(policy.sendsFrom("IPv6") ?? "::", 0);
  return {
    sockets: [socket],
    port: 0,
    send: ({ bytes }) => search(socket, receivers, bytes),
    accepts: ({ host, bytes }) => policy.noteAnswerIpv6(host, bytes),
  };
}

/** Sends a search to all receivers. Throws if the datagram is no search. */
function search(
  socket: UdpSocket,
  receivers: readonly { host: string; port: number }[],
  bytes: Packet["bytes"],
): Promise<unknown> {
  if (!SEARCH.test(String.fromCharCode(...bytes))) {
    throw new Refusal("BAD_REQUEST", "The datagram is no search for a router");
  }
  return Promise.all(receivers.map((receiver) => socket.send({ ...receiver, bytes })));
}

/** Moves datagrams until the asking thread ends them, or every socket has failed. */
export async function carryDatagrams(
  channel: Channel,
  { sockets, port, send, accepts }: UdpRules,
): Promise<void> {
  const close = () => sockets.forEach((socket) => socket.close());
  if (channel.signal.aborted) return close();
  channel.signal.addEventListener("abort", close);
  channel.open("", port);
  const receiving = sockets.map((socket) =>
    socket.receive((datagram) => {
      if (accepts(datagram)) channel.send(datagram);
    })
  );
  const sending = async () => {
    for await (const packet of channel.packets()) {
      if (packet.bytes.length <= MAX_PACKET_BYTES) await send(packet);
    }
  };
  const failing = Promise.any(receiving).catch(({ errors: [first] }) => Promise.reject(first));
  await Promise.race([failing, sending()]);
}
