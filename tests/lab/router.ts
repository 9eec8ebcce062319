/**
 * Routers that translate addresses: at home, and at a carrier (RFC 6598). They refuse connections
 * from outside, unless a program inside has opened a port by UPnP, NAT-PMP or PCP.
 *
 * @module
 */

import { join } from "node:path";
import { formatAddress, formatHostPort } from "../../src/base/mod.ts";
import { spawnCli } from "../support/mod.ts";
import {
  accessLink,
  ip,
  type LinkFigures,
  namespace,
  type Network,
  type Place,
  run,
  sysctl,
  veth,
} from "./network.ts";

/**
 * How a router maps and filters (RFC 4787). They keep the source port where it is free, except two:
 * `port-changing` is port-restricted and takes another port, the same one for all destinations of
 * UDP; `symmetric` takes a random one for each destination.
 */
export type Nat = "full-cone" | "port-restricted" | "port-changing" | "symmetric";

/** The protocols by which a router opens ports for programs inside; `none` opens none. */
export type Mapping = "none" | "igd1" | "igd2" | "pcp";

/** A router, and how to put hosts behind it. */
export interface Router {
  readonly place: Place;
  /** Makes a host in the router's network. */
  host(name: string): Promise<Place>;
  /** Makes a home router whose outer side is in this router's network. */
  router(name: string, options?: Omit<RouterOptions, "link">): Promise<Router>;
  /** Restarts the router: connections and mappings are forgotten. */
  restart(): Promise<void>;
  /** The public ports that programs inside have opened, from the router's rules. */
  openPorts(): Promise<number[]>;
  /** The pinholes for IPv6 that programs inside have opened, sorted: `tcp [2a01:3:1::2]:6881`. */
  pinholes(): Promise<string[]>;
}

/** Options of {@linkcode homeRouter}. */
export interface RouterOptions {
  nat?: Nat;
  mapping?: Mapping;
  /** The inner network, the first three numbers of a /24. Default 192.168.1. */
  inner?: string;
  link?: LinkFigures;
  /** Whether hosts inside get public IPv6 addresses. The router drops what comes in over IPv6. */
  ipv6?: boolean;
}

/** Makes a router with a public address. */
export async function homeRouter(
  network: Network,
  name: string,
  options: RouterOptions = {},
): Promise<Router> {
  const place = await namespace(name);
  await network.link(place, options.link ?? accessLink);
  await network.renumber(place);
  return await behind(network, place, options);
}

/** Makes a carrier's router: the network behind it is 100.64.0.0/24. */
export function carrierRouter(network: Network, name: string): Promise<Router> {
  return homeRouter(network, name, { inner: "100.64.0", nat: "symmetric" });
}

/** Turns a place with an outer interface `eth0` into a router with an inner bridge `lan`. */
async function behind(network: Network, place: Place, options: RouterOptions): Promise<Router> {
  const { nat = "port-restricted", mapping = "none", inner = "192.168.1", ipv6 } = options;
  await sysctl(place, "net.ipv4.ip_forward=1");
  await ip(
    place,
    // Without a querier, snooping would withhold multicast, on which local discovery depends.
    "link add lan type bridge mcast_snooping 0",
    "link set lan addrgenmode none",
    "link set lan up",
    `addr add ${inner}.1/24 dev lan`,
  );
  const inner6 = ipv6 ? await network.delegate(place) : undefined;
  if (inner6 !== undefined) {
    await sysctl(place, "net.ipv6.conf.all.forwarding=1");
    const addresses = [`${inner6}::1/64`, "fe80::1/64"];
    await ip(place, ...addresses.map((address) => `addr add ${address} dev lan nodad`));
  }
  const rules = () => run([...place.enter, "nft", "-f", "-"], ruleset(nat, mapping));
  await rules();
  let daemon = await portMapper(place, mapping);
  network.owns({ [Symbol.asyncDispose]: async () => await daemon?.[Symbol.asyncDispose]() });
  let last = 1;
  const plug = async (inside: Place) => {
    await veth(place, inside.name, inside, "eth0");
    await ip(place, `link set dev ${inside.name} master lan`);
    inside.address = `${inner}.${++last}`;
    await ip(
      inside,
      `addr add ${inside.address}/24 dev eth0`,
      `route add default via ${inner}.1`,
    );
    if (inner6 !== undefined) {
      inside.address6 = `${inner6}::${last.toString(16)}`;
      await ip(
        inside,
        `addr add ${inside.address6}/64 dev eth0 nodad`,
        "route add default via fe80::1 dev eth0",
      );
    }
    return inside;
  };
  return {
    place,
    host: async (name) => await plug(await namespace(name)),
    router: async (name, more = {}) =>
      await behind(network, await plug(await namespace(name)), more),
    async restart() {
      await daemon?.[Symbol.asyncDispose]();
      await run([...place.enter, "nft", "flush", "ruleset"]);
      await rules();
      daemon = await portMapper(place, mapping);
    },
    async openPorts() {
      if (mapping === "none") return [];
      const list = ["nft", "list", "chain", "inet", "miniupnpd", "prerouting"];
      const text = await run([...place.enter, ...list]);
      return [...text.matchAll(/ dport (\d+) /g)].map(([, port]) => Number(port));
    },
    async pinholes() {
      const list = ["nft", "list", "chain", "inet", "miniupnpd", "forward"];
      const text = await run([...place.enter, ...list]);
      // miniupnpd compares bytes of the header, so the address is a number of 128 bits.
      return [...text.matchAll(PINHOLE)].map(([, port, address, protocol]) => {
        const host = formatAddress(Uint8Array.fromHex(address!.padStart(32, "0")));
        return `${protocol === "6" ? "tcp" : "udp"} ${
          formatHostPort({ host, port: Number(port) })
        }`;
      }).sort();
    },
  };
}

/** Matches a rule of miniupnpd for IPv6: port, address and protocol. */
const PINHOLE = / dport (\d+) @nh,192,128 0x([\da-f]+) @nh,48,8 0x(6|11) accept/g;

/** The rules of nftables for a router; `eth0` is the outer side. */
function ruleset(nat: Nat, mapping: Mapping): string {
  const cone = (protocol: string) => ({
    map: `map ${protocol}_inside {
      type inet_service : ipv4_addr; flags dynamic,timeout; timeout 5m; size 65536;
    }`,
    learn: `oifname "eth0" meta l4proto ${protocol} update @${protocol}_inside ` +
      `{ ${protocol} sport : ip saddr }`,
    admit: `iifname "eth0" dnat to ${protocol} dport map @${protocol}_inside`,
  });
  const cones = nat === "full-cone" ? [cone("tcp"), cone("udp")] : [];
  const lines = (key: "map" | "learn" | "admit") => cones.map((one) => one[key]).join("\n");
  const changedPort = nat === "port-changing"
    ? 'oifname "eth0" meta l4proto { tcp, udp } masquerade to :20000-29999'
    : "";
  // miniupnpd fills these chains. A packet of IPv6 that its rules do not accept is dropped.
  const mapper = `
    table inet miniupnpd {
      chain forward {
      }
      chain filter {
        type filter hook forward priority -5;
        jump forward
        meta nfproto ipv6 ct state established,related accept
        meta nfproto ipv6 iifname "eth0" drop
      }
      chain prerouting { type nat hook prerouting priority -101; }
      chain postrouting { type nat hook postrouting priority 99; }
    }`;
  // miniupnpd answers to PCP over IPv6 also where its PCP is switched off.
  const noPcp = mapping === "igd1" || mapping === "igd2" ? "udp dport 5351 drop" : "";
  return `
    table ip6 lab_filter {
      chain input { type filter hook input priority 0; ${noPcp}
      }
    }
    table ip lab_nat {
      ${lines("map")}
      chain prerouting { type nat hook prerouting priority -100; ${lines("admit")}
      }
      chain postrouting {
        type nat hook postrouting priority 100;
        ${lines("learn")}
        ${changedPort}
        oifname "eth0" masquerade ${nat === "symmetric" ? "random,fully-random" : ""}
      }
    }
    table ip lab_filter {
      chain forward {
        type filter hook forward priority 0;
        ct state established,related accept
        iifname "eth0" ct status dnat accept
        iifname "eth0" drop
      }
      chain input {
        type filter hook input priority 0;
        ct state established,related accept
        iifname "eth0" meta l4proto { tcp, udp } drop
      }
    }${mapper}`;
}

/** Starts miniupnpd on a router: IGD 1 or 2 with NAT-PMP and PCP, or these two alone. */
async function portMapper(place: Place, mapping: Mapping): Promise<AsyncDisposable | undefined> {
  if (mapping === "none") return;
  const directory = await Deno.makeTempDir({ prefix: "libreseed-lab-" });
  const settings = join(directory, "miniupnpd.conf");
  const upnp = mapping !== "pcp";
  await Deno.writeTextFile(
    settings,
    [
      "ext_ifname=eth0",
      "listening_ip=lan",
      `enable_natpmp=${upnp ? "no" : "yes"}`,
      `enable_upnp=${upnp ? "yes" : "no"}`,
      `force_igd_desc_v1=${mapping === "igd1" ? "yes" : "no"}`,
      "port=5000",
      "secure_mode=yes",
      "uuid=00000000-0000-4000-8000-000000000001",
      "allow 1024-65535 0.0.0.0/0 1024-65535",
      "deny 0-65535 0.0.0.0/0 0-65535",
      "upnp_table_name=miniupnpd",
      "upnp_nat_table_name=miniupnpd",
      "upnp_forward_chain=forward",
      "upnp_nat_chain=prerouting",
      "upnp_nat_postrouting_chain=postrouting",
    ].join("\n") + "\n",
  );
  const daemon = spawnCli(["-d", "-f", settings, "-P", join(directory, "pid")], {
    program: [...place.enter, "miniupnpd"],
    timeoutMs: 2 ** 31 - 1,
  });
  await daemon.waitForLine(upnp ? /HTTP listening on port/ : /Listening for NAT-PMP\/PCP/);
  return {
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}
