/**
 * Network namespaces, and the links between them: an internet with one backbone router, and hosts
 * on access links of their own. `router.ts` has the routers of homes and carriers, `programs.ts`
 * the programs.
 *
 * All of it exists only in the mount, process and network namespaces that `enter.ts` makes. The
 * kernel removes everything when the lab's process ends, also after a kill. The addresses are
 * public in form, because libreseed treats private ones differently. Nothing routes them out of the
 * lab.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { type CliProcess, runCli, spawnCli } from "../support/mod.ts";

/** Figures of an access link. */
export interface LinkFigures {
  /** Delay of one direction, milliseconds. Two hosts of 20 ms have a round trip of 80 ms. */
  delayMs: number;
  /** Rate towards the backbone, megabits a second; 0 for no limit. */
  upMbit: number;
  /** Rate from the backbone, megabits a second; 0 for no limit. */
  downMbit: number;
  /** Random loss in each direction, percent. Default 0. */
  lossPercent?: number;
  /** Length of the drop-tail queue in each direction, milliseconds at the rate. Default 100. */
  queueMs?: number;
}

/** An access link of a home in a city: 20 ms one way, 100 Mbit/s both ways. */
export const accessLink: LinkFigures = { delayMs: 20, upMbit: 100, downMbit: 100 };

/** A network namespace, in which a host or router is. */
export interface Place {
  readonly name: string;
  /** Command line prefix that runs a command in the namespace. */
  readonly enter: readonly string[];
  /** IPv4 address of the host, or of the router's outer side; undefined where IPv4 is missing. */
  address?: string;
  /** Global IPv6 address, if there is one. */
  address6?: string;
}

/** Runs a command to its end. Throws with its output if it fails. */
export async function run(command: readonly string[], stdin?: string): Promise<string> {
  const options = { program: command, timeoutMs: 600_000, ...(stdin !== undefined && { stdin }) };
  const { code, stdout, stderr } = await runCli([], options);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}\n${stdin}${stderr}`);
  return stdout;
}

/** Runs `ip` commands, one a line, in a place. */
export async function ip(place: Place, ...lines: string[]): Promise<void> {
  await run(["ip", "-n", place.name, "-batch", "-"], lines.join("\n") + "\n");
}

/** Sets kernel settings of a place, such as `net.ipv4.ip_forward=1`. */
export async function sysctl(place: Place, ...settings: string[]): Promise<void> {
  await run([...place.enter, "sysctl", "-qw", ...settings]);
}

/** The lab's internet. Disposing of it ends its processes. */
export class Network {
  /** The router that connects all access links. */
  readonly backbone: Place;
  readonly #wiring: Place;
  readonly #linkProgram: string;
  readonly #links = new Map<string, CliProcess>();
  readonly #things: AsyncDisposable[] = [];
  #nets = 0;

  private constructor(backbone: Place, wiring: Place, linkProgram: string) {
    this.backbone = backbone;
    this.#wiring = wiring;
    this.#linkProgram = linkProgram;
  }

  /** Compiles the link emulator into a directory, and makes an internet without hosts. */
  static async start(directory: string): Promise<Network> {
    const program = join(directory, "link");
    const source = fileURLToPath(new URL("./link.c", import.meta.url));
    await run(["gcc", "-O2", "-pthread", "-o", program, source]);
    const backbone = await namespace("backbone");
    const wiring = await namespace("wiring");
    await sysctl(backbone, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    // Only the emulator carries frames here. The kernel must not answer them.
    await sysctl(wiring, "net.ipv6.conf.default.disable_ipv6=1");
    return new Network(backbone, wiring, program);
  }

  /** Makes a host with a public IPv4 address, a /24 of its own and an access link. */
  async host(name: string, figures: LinkFigures = accessLink): Promise<Place> {
    const place = await namespace(name);
    await this.link(place, figures);
    await this.renumber(place);
    return place;
  }

  /** Makes a host that has no IPv4 address, but a public IPv6 one. */
  async hostOfIpv6(name: string, figures: LinkFigures = accessLink): Promise<Place> {
    const place = await namespace(name);
    await this.link(place, figures);
    await this.addIpv6(place);
    return place;
  }

  /** Connects a place, as its interface `eth0`, to the backbone, as the interface NAME there. */
  async link(place: Place, figures: LinkFigures): Promise<void> {
    const { name } = place;
    await veth(this.#wiring, `${name}-a`, place, "eth0");
    await veth(this.#wiring, `${name}-b`, this.backbone, name);
    await this.relink(place, figures);
  }

  /** Changes the figures of a place's access link. Frames on their way are lost. */
  async relink({ name }: Place, figures: LinkFigures): Promise<void> {
    const { delayMs, upMbit, downMbit, lossPercent = 0, queueMs = 100 } = figures;
    await this.#links.get(name)?.[Symbol.asyncDispose]();
    const numbers = [delayMs, upMbit, downMbit, lossPercent, queueMs].map(String);
    const emulator = spawnCli([`${name}-a`, `${name}-b`, ...numbers], {
      program: [...this.#wiring.enter, this.#linkProgram],
      timeoutMs: 2 ** 31 - 1,
    });
    this.#links.set(name, emulator);
    await emulator.waitForLine(/^ready$/);
  }

  /** Begins or ends a blackout of an access link: all frames are lost. */
  toggleBlackout({ name }: Place): void {
    this.#links.get(name)!.kill("SIGUSR1");
  }

  /** Replaces the public IPv4 address of a place, as a new lease does. */
  async renumber(place: Place): Promise<void> {
    // libtorrent's DHT ignores 9.0.0.0/8 and other networks that hold no public hosts.
    const net = `5.${++this.#nets}.1`;
    await ip(this.backbone, `addr flush dev ${place.name} to 0.0.0.0/0`);
    await ip(this.backbone, `addr add ${net}.1/24 dev ${place.name}`);
    await ip(
      place,
      "addr flush dev eth0 to 0.0.0.0/0",
      `addr add ${net}.2/24 dev eth0`,
      `route replace default via ${net}.1`,
    );
    place.address = `${net}.2`;
  }

  /** Gives a place a public IPv6 address beside what it has. */
  async addIpv6(place: Place): Promise<void> {
    const net = `2a00:${++this.#nets}:1`;
    await ip(this.backbone, `addr add ${net}::1/64 dev ${place.name} nodad`);
    await ip(
      place,
      `addr add ${net}::2/64 dev eth0 nodad`,
      `route replace default via ${net}::1`,
    );
    place.address6 = `${net}::2`;
  }

  /**
   * Routes a public IPv6 network to a router, as a provider does.
   *
   * @returns the first three groups of the network, a /64
   */
  async delegate(router: Place): Promise<string> {
    await this.addIpv6(router);
    const net = `2a01:${++this.#nets}:1`;
    await ip(this.backbone, `route add ${net}::/64 via ${router.address6}`);
    return net;
  }

  /**
   * Gives a place with IPv6 temporary addresses, too (RFC 8981), from which the system sends. Each is
   * replaced by another after some seconds, and ends.
   */
  async addTemporaryAddresses(place: Place): Promise<void> {
    await sysctl(
      place,
      ...["use_tempaddr=2", "max_desync_factor=0", "temp_prefered_lft=12", "temp_valid_lft=24"]
        .map((setting) => `net.ipv6.conf.eth0.${setting}`),
    );
    await ip(place, `addr change ${place.address6}/64 dev eth0 nodad mngtmpaddr`);
  }

  /** Takes the public addresses of IPv6 from a place, which gets one in another network. */
  async renumberIpv6(place: Place): Promise<void> {
    await ip(place, "addr flush dev eth0 to ::/0 scope global");
    await this.addIpv6(place);
  }

  /** Ends all processes in places, so that they take no time from later measurements. */
  async endProcesses(places: readonly Place[]): Promise<void> {
    for (const { name } of places) {
      const pids = (await run(["ip", "netns", "pids", name])).trim().split("\n").map(Number);
      for (const pid of pids.filter((pid) => pid > 0)) {
        try {
          Deno.kill(pid, "SIGKILL");
        } catch {
          // Ignore the error: the process has ended.
        }
      }
    }
  }

  /** Disposes of a thing when the network ends, the last one first. */
  owns<T extends AsyncDisposable>(thing: T): T {
    this.#things.push(thing);
    return thing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.#things.reverse()) await thing[Symbol.asyncDispose]();
    for (const emulator of this.#links.values()) await emulator[Symbol.asyncDispose]();
    for (const name of (await run(["ip", "netns", "list"])).matchAll(/^\S+/gm)) {
      await run(["ip", "netns", "delete", name[0]]);
    }
  }
}

/** Makes a namespace without links. */
export async function namespace(name: string): Promise<Place> {
  const place = { name, enter: ["nsenter", `--net=/run/netns/${name}`] };
  await run(["ip", "netns", "add", name]);
  await ip(place, "link set lo up");
  await sysctl(
    place,
    "net.ipv6.conf.default.accept_dad=0",
    // A measurement must not profit from an earlier one.
    "net.ipv4.tcp_no_metrics_save=1",
    "net.ipv4.icmp_ratelimit=0",
  );
  return place;
}

/** Connects two places by a cable without delay. */
export async function veth(a: Place, nameA: string, b: Place, nameB: string): Promise<void> {
  await run(
    ["ip", "link", "add", nameA, "netns", a.name, "type", "veth"]
      .concat(["peer", "name", nameB, "netns", b.name]),
  );
  for (const [place, name] of [[a, nameA], [b, nameB]] as const) {
    // With offloads, frames of 64 KiB without checksums would cross the link.
    const off = ["tx", "rx", "tso", "gso", "gro"].flatMap((feature) => [feature, "off"]);
    await run([...place.enter, "ethtool", "-K", name, ...off]);
    await ip(place, `link set dev ${name} txqueuelen 10000 up`);
  }
}
