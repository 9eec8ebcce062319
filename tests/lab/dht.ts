/**
 * The DHT of the lab: nodes of two kinds on one host of the emulated internet, each in a /24 of its
 * own, because libreseed counts only one node per /24. The nodes of libtorrent tell others their
 * external address (BEP 42), those of npm:bittorrent-dht do not.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type CliProcess, spawnCli } from "../support/mod.ts";
import { debianPython } from "../support/interop_test_case.ts";
import { ip, type Network, type Place } from "./network.ts";

/** Numbers of nodes: more than k = 8 (BEP 5), so that a search has to choose among nodes. */
const TESTNET_NODES = 16;
const LIBTORRENT_NODES = 8;
const PORT = 6881;

/** The lab's DHT. */
export interface Dht {
  /** Bootstrap nodes, `HOST:PORT`: one node of each kind. */
  readonly bootstrap: readonly string[];
  /** The host that runs the nodes. */
  readonly place: Place;
  /** Addresses, `HOST:PORT`, that the DHT's nodes name as peers of a torrent now. */
  peers(infoHashHex: string): Promise<string[]>;
}

/** Starts the DHT on a host of its own. */
export async function startDht(network: Network): Promise<Dht> {
  const place = await network.host("dht");
  const addresses = Array.from(
    { length: TESTNET_NODES + LIBTORRENT_NODES },
    (_, index) => `45.${index + 1}.1.1`,
  );
  await ip(network.backbone, `route add 45.0.0.0/8 via ${place.address}`);
  // Not on `lo`: libtorrent binds each socket to the interface of its address, and a node bound to
  // `lo` hears of no other host.
  await ip(place, ...addresses.map((address) => `addr add ${address}/32 dev eth0`));
  const timeoutMs = 2 ** 31 - 1;
  const testnet = network.owns(spawnCli(addresses.slice(0, TESTNET_NODES), {
    program: [...place.enter, ...denoScript("./dht_nodes.ts")],
    timeoutMs,
  }));
  const [, testnetNodes] = await testnet.waitForLine(/^ready (.*)$/);
  const bootstrap = [0, TESTNET_NODES].map((index) => `${addresses[index]}:${PORT}`);
  const others = addresses.slice(TESTNET_NODES).map((address) => `${address}:${PORT}`);
  const order = { do: "dht", listen: others, bootstrap: bootstrap[0] };
  await startLibtorrent(network, place, order);
  return {
    bootstrap,
    place,
    async peers(infoHashHex) {
      const asked = [...testnetNodes!.split(","), ...others];
      const script = [...place.enter, ...denoScript("./dht_peers.ts")];
      await using process = spawnCli([infoHashHex, ...asked], { program: script });
      const { code, stdout, stderr } = await process.result;
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    },
  };
}

/**
 * Starts libtorrent in a place and waits until it is ready. `libtorrent_peer.py` documents orders.
 */
export async function startLibtorrent(
  network: Network,
  place: Place,
  order: Record<string, unknown>,
): Promise<CliProcess> {
  const process = network.owns(spawnLibtorrent(place, order));
  await process.waitForLine(/^ready$/, "stdout");
  return process;
}

/** Starts libtorrent in a place. */
export function spawnLibtorrent(place: Place, order: Record<string, unknown>): CliProcess {
  const script = fileURLToPath(new URL("./libtorrent_peer.py", import.meta.url));
  return spawnCli([JSON.stringify(order)], {
    program: [...place.enter, debianPython, script],
    timeoutMs: 2 ** 31 - 1,
  });
}

/** Command line that runs a script of this folder. */
export function denoScript(path: string): string[] {
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  return [
    Deno.execPath(),
    ...["run", "--quiet", "--no-check", `--config=${config}`, "-A"],
    fileURLToPath(new URL(path, import.meta.url)),
  ];
}
