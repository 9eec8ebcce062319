/**
 * Checks of `--bind` on a host with two interfaces: `tun0` leads to a VPN, and `eth0` to the
 * internet. A counter of the kernel tells how many packets leave by `eth0`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type CliProcess, runCli } from "../support/mod.ts";
import type { Lab, Package } from "./lab.ts";
import { accessLink, ip, type Place, run, veth } from "./network.ts";
import { libreseed, libreseedIn, libtorrent, seedWithLibreseed, tcpOnly } from "./programs.ts";
import { homeRouter } from "./router.ts";

const SMALL = 20_000;
const MEDIUM = 4_000_000;
const LARGE = 40_000_000;
const POLL_MS = 200;
/** Time limit of what must happen. Only a broken program reaches it. */
const PATIENCE_MS = 240_000;
/** Time in which a program that sends by the wrong way would do so (ms): peers dial it, its DHT node asks others. */
const WATCHED_MS = 4_000;
/** The VPN's network, the first three numbers of a /24. */
const VPN = "10.8.0";
const BOUND = { LIBRESEED_BIND: "tun0" };

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A host of a VPN, and the VPN's server, which forwards port 6881 to the host. */
class VpnHost {
  readonly place: Place;
  readonly #server: Place;

  private constructor(place: Place, server: Place) {
    this.place = place;
    this.#server = server;
  }

  static async make(lab: Lab): Promise<VpnHost> {
    const { network } = lab;
    const { place: server } = await homeRouter(network, "vpn", { inner: VPN });
    const place = await network.host("host");
    const host = new VpnHost(place, server);
    await host.connect(2);
    await run(
      [...place.enter, "nft", "-f", "-"],
      `
      table inet lab_watch {
        counter any_packet {}
        counter but_resets {}
        set strays {
          typeof meta l4proto . ip daddr . th dport
          flags dynamic
          counter
        }
        chain output {
          type filter hook output priority 0;
          oifname != "eth0" return
          meta l4proto { tcp, udp } counter name any_packet
          tcp flags & rst == rst return
          meta l4proto { tcp, udp } counter name but_resets add @strays { meta l4proto . ip daddr . th dport }
        }
      }`,
    );
    return host;
  }

  /** Connects the VPN. All of the internet is routed through it, as OpenVPN does. */
  async connect(number: number): Promise<void> {
    const { place } = this;
    await veth(this.#server, "host", place, "tun0");
    await ip(this.#server, "link set dev host master lan");
    await ip(place, `addr add ${VPN}.${number}/24 dev tun0`);
    await this.route();
    const forward = `
      flush chain ip lab_nat prerouting
      add rule ip lab_nat prerouting iifname "eth0" meta l4proto { tcp, udp } th dport 6881 dnat to ${VPN}.${number}`;
    await run([...this.#server.enter, "nft", "-f", "-"], forward);
  }

  /**
   * Deletes the VPN's interface. While the kernel does so, the routes go some milliseconds before the
   * address, and packets may leave by `eth0`. Afterwards, the address is gone.
   */
  async disconnect(): Promise<void> {
    await ip(this.place, "link del tun0");
  }

  async route(): Promise<void> {
    await ip(
      this.place,
      `route add 0.0.0.0/1 via ${VPN}.1`,
      `route add 128.0.0.0/1 via ${VPN}.1`,
    );
  }

  /** Address from which the internet sees the host through the VPN. */
  get address(): string {
    return this.#server.address!;
  }

  /**
   * Number of packets of TCP and UDP that have left by `eth0`.
   *
   * @param kind whether resets of TCP count, which the kernel itself sends to peers whose packets
   * still arrive, as long as the host has the address
   */
  async strayPackets(kind: "any_packet" | "but_resets" = "any_packet"): Promise<number> {
    const list = ["nft", "list", "counter", "inet", "lab_watch", kind];
    const [, packets] = /packets (\d+)/.exec(await run([...this.place.enter, ...list]))!;
    return Number(packets);
  }

  /** Where those packets but resets go: protocol, address and port, with a counter each. */
  async strayTargets(): Promise<string> {
    return await run([...this.place.enter, "nft", "list", "set", "inet", "lab_watch", "strays"]);
  }

  /**
   * Waits until no connection is half closed. The kernel sends the closing packet of such a
   * connection again and again by any way, and libreseed no longer has a socket that could stop it.
   */
  async closesConnections(): Promise<void> {
    const states = ["fin-wait-1", "close-wait", "last-ack", "closing"];
    const list = ["ss", "-Htn", ...states.flatMap((state) => ["state", state])];
    const end = performance.now() + PATIENCE_MS;
    for (let open; (open = await run([...this.place.enter, ...list])) !== "";) {
      assert(performance.now() < end, open);
      await delay(POLL_MS);
    }
  }

  /** Runs a command of libreseed on the host. */
  async libreseed(home: string, args: string[], env: Record<string, string> = BOUND) {
    // Without a publisher's key, `get` puts the archive into the working directory.
    return await runCli(args, { home, cwd: home, env, program: libreseedIn(this.place) });
  }
}

/** Starts a bound daemon on a VPN host that seeds a package, and asserts that the DHT knows it. */
async function seedBound(lab: Lab, host: VpnHost, subject: Package) {
  const { home, daemon } = await seedWithLibreseed(lab, host.place, subject, BOUND);
  const end = performance.now() + PATIENCE_MS;
  for (let named: string[] = []; named[0] !== `${host.address}:6881`;) {
    assert(performance.now() < end, `the DHT names ${named}`);
    await delay(POLL_MS);
    named = await lab.dht.peers(subject.infoHashHex);
  }
  return { home, daemon };
}

/** Asserts that a reader gets a package. */
async function reads(lab: Lab, reader: Place, subject: Package) {
  const outcome = await lab.read(libreseed.read, reader, subject, PATIENCE_MS);
  assert("seconds" in outcome, JSON.stringify(outcome));
}

/** Begins to read a package with libtorrent, and resolves when bytes have arrived. */
async function beginReading(
  lab: Lab,
  reader: Place,
  subject: Package,
  settings?: typeof tcpOnly,
): Promise<AsyncDisposable> {
  const directory = await Deno.makeTempDir();
  const reading = await libtorrent(undefined, settings).read(lab, reader, subject, directory);
  const end = performance.now() + PATIENCE_MS;
  const hasBytes = async () => {
    for await (const { name } of Deno.readDir(directory)) {
      if (name.endsWith(".tgz")) return (await Deno.stat(`${directory}/${name}`)).blocks! > 0;
    }
    return false;
  };
  while (!await hasBytes()) {
    assert(performance.now() < end, "no byte arrives");
    await delay(POLL_MS);
  }
  return reading;
}

/**
 * Waits for the daemon's nth warning that packets would leave by `eth0`. Until it warns, some may
 * leave. The reason also stands in other lines, such as that of the DHT.
 */
async function warnsOfRoute(daemon: CliProcess, count: number) {
  const warning = /would leave by eth0.* sends and receives nothing/g;
  const end = performance.now() + PATIENCE_MS;
  while ((daemon.stderr.match(warning)?.length ?? 0) < count) {
    assert(performance.now() < end, daemon.stderr);
    await delay(POLL_MS);
  }
}

/** Asserts that nothing leaves by `eth0` while something happens, and for some time afterwards. */
async function staysSilent(
  host: VpnHost,
  kind: "any_packet" | "but_resets",
  during: () => Promise<unknown> = () => Promise.resolve(),
) {
  const [before, known] = [await host.strayPackets(kind), await host.strayTargets()];
  await during();
  await delay(WATCHED_MS);
  const found = await host.strayPackets(kind);
  assert.equal(found, before, `before: ${known}\nafterwards: ${await host.strayTargets()}`);
}

/** The checks of bound programs. */
export const bindingChecks: Record<string, (lab: Lab) => Promise<void>> = {
  async "a bound program seeds and downloads without a packet by another interface"(lab) {
    const host = await VpnHost.make(lab);
    const [own, other] = [await lab.pack("own", SMALL), await lab.pack("other", SMALL)];
    await lab.seed(libtorrent(), await lab.network.host("seeder"), other);
    const { home, daemon } = await seedBound(lab, host, own);
    await reads(lab, await lab.network.host("reader"), own);
    const borrowed = await host.libreseed(home, ["get", other.magnet]);
    assert.equal(borrowed.code, 0, borrowed.stderr);
    daemon.kill("SIGTERM");
    assert.equal((await daemon.status).code, 0);
    const flags = ["--bootstrap", lab.dht.bootstrap.join(",")];
    const alone = await host.libreseed(await lab.home("alone"), [
      "get",
      own.magnet,
      "--timeout",
      "5s",
      ...flags,
    ]);
    assert.equal(alone.code, 5, "nobody seeds it any more");
    const found = await host.libreseed(await lab.home("second"), ["get", other.magnet, ...flags]);
    assert.equal(found.code, 0, found.stderr);
    const doctor = await host.libreseed(await lab.home("third"), ["doctor", ...flags]);
    assert.match(doctor.stdout, /^ok +dht +\d of 2 bootstrap addresses answer$/m);
    assert.equal(await host.strayPackets(), 0);
    // The counter counts: without `bind` and without the VPN, packets leave by `eth0`.
    await ip(host.place, "link del tun0");
    const unbound = await lab.home("unbound");
    await host.libreseed(unbound, ["get", other.magnet, ...flags], {});
    assert(await host.strayPackets() > 0);
  },

  async "when the VPN's interface is deleted, nothing leaves by another one until it is back"(lab) {
    const host = await VpnHost.make(lab);
    const [small, large] = [await lab.pack("small", SMALL), await lab.pack("large", LARGE)];
    const { home, daemon } = await seedBound(lab, host, large);
    const published = await host.libreseed(home, ["publish", small.archive]);
    assert.equal(published.code, 0, published.stderr);
    const reader = await lab.network.host("reader", { ...accessLink, downMbit: 5 });
    await using _reading = await beginReading(lab, reader, large);
    assert.equal(await host.strayPackets(), 0);
    await host.disconnect();
    const warning = /no network interface tun0 .* sends and receives nothing/;
    await staysSilent(host, "any_packet", () => daemon.waitForLine(warning));
    const status = JSON.parse((await host.libreseed(home, ["status", "--json"])).stdout);
    assert.equal(status.binding.state, "lost");
    assert.equal(status.dht.state, "off");
    const flags = ["--bootstrap", lab.dht.bootstrap.join(",")];
    const command = await host.libreseed(await lab.home("other"), ["get", small.magnet, ...flags]);
    assert.equal(command.code, 1);
    assert.match(command.stderr, /--bind tun0: this machine has no network interface tun0/);

    await host.connect(2);
    await daemon.waitForLine(/bound to 10\.8\.0\.2 of tun0 again/);
    await reads(lab, await lab.network.host("second"), small);

    await host.disconnect();
    const stray = await host.strayPackets();
    await host.connect(9);
    await daemon.waitForLine(/started anew, bound to 10\.8\.0\.9 of tun0/);
    await reads(lab, await lab.network.host("third"), small);
    assert.equal(await host.strayPackets(), stray);
    daemon.kill("SIGTERM");
    assert.equal((await daemon.status).code, 0);
  },

  async "a bound daemon is silent while the route leads past the VPN, or its interface is down"(
    lab,
  ) {
    const host = await VpnHost.make(lab);
    const subject = await lab.pack("medium", MEDIUM);
    const { daemon } = await seedBound(lab, host, subject);
    const slow = await lab.network.host("slow", { ...accessLink, downMbit: 1 });
    {
      await using _reading = await beginReading(lab, slow, subject, tcpOnly);
      await ip(host.place, "route del 0.0.0.0/1", "route del 128.0.0.0/1");
      await warnsOfRoute(daemon, 1);
      await staysSilent(host, "but_resets", async () => {
        const late = await lab.home("late");
        const flags = ["--bootstrap", lab.dht.bootstrap.join(",")];
        const command = await host.libreseed(late, ["get", subject.magnet, ...flags]);
        assert.equal(command.code, 5, command.stderr);
        assert.match(command.stderr, /would leave by eth0.*Nothing was sent/);
      });
    }
    await host.route();
    await daemon.waitForLine(/bound to 10\.8\.0\.2 of tun0 again/);
    await reads(lab, await lab.network.host("reader"), subject);
    await using _reading = await beginReading(lab, slow, subject, tcpOnly);
    await host.closesConnections();
    await ip(host.place, "link set tun0 down");
    // The interface keeps its address, so the route tells.
    await warnsOfRoute(daemon, 2);
    await staysSilent(host, "but_resets");
    daemon.kill("SIGTERM");
    assert.equal((await daemon.status).code, 0);
  },
};
