/**
 * The doctor's checks of the network: whether the port is free, and whether DHT bootstrap nodes
 * answer. If a daemon runs, its status is used instead, because only one process can bind the port.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { BlockList } from "node:net";
import { type Clock, delay, formatHostPort, isIPv4Host, LOCAL_RANGES } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { StatusJson } from "../control/mod.ts";
import { resolveBootstrap } from "../host/mod.ts";
import type { LauncherRequests } from "../launcher/mod.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** Maximum time to wait for answers of DHT nodes, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;
/**
 * Time after which an unanswered ping is sent a second time, in milliseconds. Packets may get lost.
 */
const ASK_AGAIN_MS = 1_000;

interface Address {
  host: string;
  port: number;
}

/**
 * Checks that the port is free, as a TCP port for peers and as a UDP port for the DHT.
 *
 * @param address address of this machine that the port belongs to; default: all addresses
 * @returns the results, and the bound UDP socket, which the caller must close
 */
export async function checkPorts(
  port: number,
  findPortOwner: LauncherRequests["findPortOwner"],
  address = "0.0.0.0",
): Promise<{ checks: Check[]; udp?: Socket }> {
  const checks = [await checkTcp(port, findPortOwner, address)];
  const udp = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      udp.once("error", reject);
      udp.bind(port, address, () => resolve());
    });
    checks.push(ok("udp port", port === 0 ? "any that is free" : `${port} is free`));
    return { checks, udp };
  } catch (error) {
    udp.close();
    const mend = "the DHT stays off until it is free; end that program, or choose another --port";
    checks.push(fail("udp port", whyNot(error, port), mend));
    return { checks };
  }
}

async function checkTcp(
  port: number,
  findPortOwner: LauncherRequests["findPortOwner"],
  address: string,
): Promise<Check> {
  try {
    Deno.listen({ hostname: address, port }).close();
    return ok("tcp port", port === 0 ? "any that is free" : `${port} is free`);
  } catch (error) {
    const owner = await findPortOwner(port);
    const by = owner ? ` by ${owner.program} (process ${owner.pid})` : "";
    return fail("tcp port", whyNot(error, port) + by, "choose another with --port, or end it");
  }
}

function whyNot(error: unknown, port: number): string {
  const { code, message } = error as { code?: string; message: string };
  return code === "EADDRINUSE" ? `${port} is taken` : `${port} cannot be opened: ${message}`;
}

/** Checks the DHT by the status of the process that runs the home's engine. */
export function checkDhtOf(
  { dht, dhtNodes, dht6 }: Pick<StatusJson, "dht" | "dhtNodes" | "dht6">,
  wanted: boolean,
): Check {
  if (!wanted) return switchedOff;
  if (dht.state === "off") {
    const mend = "the daemon tries again by itself; mend the named cause";
    return ofNetwork(fail("dht", `off: ${dht.why}`, mend));
  }
  const nodes = dhtNodes + (dht6?.nodes ?? 0);
  if (nodes > 0 && dht.state === "on" && dht.silent) {
    return ofNetwork(fail("dht", "none of the nodes that the daemon knows answers", BLOCKED));
  }
  if (nodes > 0) return ofNetwork(ok("dht", `${nodes} nodes in the daemon's table`));
  return ofNetwork(fail("dht", "the daemon knows no node", BLOCKED));
}

const BLOCKED = "let UDP out of this network, or give other nodes with --bootstrap";
const switchedOff = ofNetwork(ok("dht", "switched off in the settings"));

/**
 * Checks that DNS resolves the bootstrap nodes, and that at least one of them answers a ping.
 *
 * @param udp a bound UDP socket for the pings; if absent, only DNS is checked
 */
export async function checkDht(
  udp: Socket | undefined,
  settings: Settings,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Check[]> {
  if (!settings.dht) return [switchedOff];
  const { bootstrap, allowLocal, timeoutMs } = settings;
  if (bootstrap.length === 0) {
    return [ofNetwork(warn("dht", "no bootstrap nodes are set", "give some with --bootstrap"))];
  }
  const { addresses, failed } = await resolveBootstrap(bootstrap, clock);
  const checks = [ofNetwork(checkNames(bootstrap.length, failed))];
  const local = localRanges();
  const refused = allowLocal ? [] : addresses.filter(({ host }) => local.check(host));
  if (refused.length > 0) {
    checks.push(fail(
      "dht",
      `${refused.map(formatHostPort).join(", ")} is a private address`,
      "allow private addresses with --allow-local",
    ));
  }
  // The command's own socket, which sends the pings, is one of IPv4.
  const reachable = addresses.filter((address) =>
    isIPv4Host(address.host) && !refused.includes(address)
  );
  if (!udp || reachable.length === 0) return checks;
  const waitMs = Math.min(timeoutMs, ANSWER_TIMEOUT_MS);
  const answered = await ping(udp, reachable, clock, waitMs, signal);
  const what = `${answered} of ${reachable.length} bootstrap addresses answer`;
  checks.push(ofNetwork(
    answered === 0 ? fail("dht", `${what} within ${waitMs} ms`, BLOCKED) : ok("dht", what),
  ));
  return checks;
}

function checkNames(nodes: number, failed: string[]): Check {
  const name = "bootstrap";
  if (failed.length === 0) return ok(name, `addresses found for ${nodes} of ${nodes}`);
  const what = `no address found for ${failed.join(", ")}`;
  const mend = "make name lookups (DNS) work here, or give addresses with --bootstrap";
  return failed.length < nodes ? warn(name, what, mend) : fail(name, what, mend);
}

function localRanges(): BlockList {
  const ranges = new BlockList();
  for (const range of LOCAL_RANGES) {
    const [net, prefix] = range.split("/");
    ranges.addSubnet(net!, Number(prefix));
  }
  return ranges;
}

/**
 * Pings DHT nodes (BEP 5) and returns the number of nodes that answered. Waits up to `waitMs`
 * milliseconds, less if all nodes answer earlier.
 */
async function ping(
  udp: Socket,
  nodes: Address[],
  clock: Clock,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const id = crypto.getRandomValues(new Uint8Array(20));
  const query = new Uint8Array([
    ...latin1("d1:ad2:id20:"),
    ...id,
    ...latin1("e1:q4:ping1:t2:lr1:y1:qe"),
  ]);
  const silent = new Set(nodes.map(({ host, port }) => `${host}:${port}`));
  const all = silent.size;
  const over = new AbortController();
  const ended = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  udp.on("message", (bytes, from) => {
    const text = new TextDecoder("latin1").decode(bytes);
    // An error response counts as an answer, because it shows that the node is reachable.
    if (!text.includes("1:t2:lr") || text.includes("1:y1:q")) return;
    silent.delete(`${from.address}:${from.port}`);
    if (silent.size === 0) over.abort();
  });
  // Ignore send errors, such as a missing route: the node then counts as not answering.
  udp.on("error", () => {});
  const ask = () => {
    for (const { host, port } of nodes) {
      if (silent.has(`${host}:${port}`)) udp.send(query, port, host, () => {});
    }
  };
  ask();
  const again = clock.after(ASK_AGAIN_MS, ask);
  await delay(clock, waitMs, ended).catch(() => {});
  again.cancel();
  signal?.throwIfAborted();
  return all - silent.size;
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function ofNetwork(check: Check): Check {
  return { ...check, about: "network" };
}
