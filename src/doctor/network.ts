/**
 * The doctor's checks of the network: the port, and whether the DHT can be reached from it. Where a
 * daemon runs, it is asked instead: nothing else opens a DHT socket then.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { BlockList } from "node:net";
import { type Clock, delay, formatHostPort } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { StatusJson } from "../control/mod.ts";
import { findPortOwner, resolveBootstrap } from "../host/mod.ts";
import { LOCAL_RANGES } from "../worker/mod.ts";
import { bad, type Check, doubtful, good } from "./check.ts";

/** How long to wait for the nodes' answers at most, milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;
/** Asked again after this, since a packet may get lost. */
const ASK_AGAIN_MS = 1_000;

interface Address {
  host: string;
  port: number;
}

/**
 * Whether the port is free for peers (TCP) and for the DHT (UDP).
 *
 * @returns the verdicts, and the UDP socket, to be closed by whoever calls
 */
export async function checkPorts(port: number): Promise<{ checks: Check[]; udp?: Socket }> {
  const checks = [await checkTcp(port)];
  const udp = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      udp.once("error", reject);
      udp.bind(port, "0.0.0.0", () => resolve());
    });
    checks.push(good("udp port", port === 0 ? "any that is free" : `${port} is free`));
    return { checks, udp };
  } catch (error) {
    udp.close();
    const mend = "the DHT stays off until it is free; end that program, or choose another --port";
    checks.push(bad("udp port", whyNot(error, port), mend));
    return { checks };
  }
}

async function checkTcp(port: number): Promise<Check> {
  try {
    Deno.listen({ hostname: "0.0.0.0", port }).close();
    return good("tcp port", port === 0 ? "any that is free" : `${port} is free`);
  } catch (error) {
    const owner = await findPortOwner(port);
    const by = owner ? ` by ${owner.program} (process ${owner.pid})` : "";
    return bad("tcp port", whyNot(error, port) + by, "choose another with --port, or end it");
  }
}

function whyNot(error: unknown, port: number): string {
  const { code, message } = error as { code?: string; message: string };
  return code === "EADDRINUSE" ? `${port} is taken` : `${port} cannot be opened: ${message}`;
}

/** What the process that owns the engine says of its DHT. */
export function checkDhtOf({ dht, dhtNodes }: StatusJson, wanted: boolean): Check {
  if (!wanted) return switchedOff;
  if (dht.state === "off") {
    const mend = "the daemon tries again by itself; look at what it names";
    return ofNetwork(bad("dht", `off: ${dht.why}`, mend));
  }
  if (dhtNodes > 0 && dht.state === "on" && dht.silent) {
    return ofNetwork(bad("dht", "none of the nodes that the daemon knows answers", BLOCKED));
  }
  if (dhtNodes > 0) return ofNetwork(good("dht", `${dhtNodes} nodes in the daemon's table`));
  return ofNetwork(bad("dht", "the daemon knows no node", BLOCKED));
}

const BLOCKED = "see that UDP may leave this network, or give other nodes with --bootstrap";
const switchedOff = ofNetwork(good("dht", "switched off in the settings"));

/**
 * Whether the names of the bootstrap nodes can be looked up, and the nodes answer.
 *
 * @param udp bound to our port; without one only names are looked up
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
    return [ofNetwork(doubtful("dht", "no bootstrap nodes are set", "give some with --bootstrap"))];
  }
  const { addresses, failed } = await resolveBootstrap(bootstrap, clock);
  const checks = [ofNetwork(checkNames(bootstrap.length, failed))];
  const local = localRanges();
  const refused = allowLocal ? [] : addresses.filter(({ host }) => local.check(host));
  if (refused.length > 0) {
    checks.push(bad(
      "dht",
      `${refused.map(formatHostPort).join(", ")} is a private address`,
      "with --allow-local such are talked to",
    ));
  }
  const reachable = addresses.filter((address) => !refused.includes(address));
  if (!udp || reachable.length === 0) return checks;
  const waitMs = Math.min(timeoutMs, ANSWER_TIMEOUT_MS);
  const answered = await ping(udp, reachable, clock, waitMs, signal);
  const what = `${answered} of ${reachable.length} bootstrap addresses answer`;
  checks.push(ofNetwork(
    answered === 0 ? bad("dht", `${what} within ${waitMs} ms`, BLOCKED) : good("dht", what),
  ));
  return checks;
}

function checkNames(nodes: number, failed: string[]): Check {
  const name = "bootstrap";
  if (failed.length === 0) return good(name, `addresses found for ${nodes} of ${nodes}`);
  const what = `no address found for ${failed.join(", ")}`;
  const mend = "see that names can be looked up here (DNS), or give addresses with --bootstrap";
  return failed.length < nodes ? doubtful(name, what, mend) : bad(name, what, mend);
}

function localRanges(): BlockList {
  const ranges = new BlockList();
  for (const range of LOCAL_RANGES) {
    const [net, prefix] = range.split("/");
    ranges.addSubnet(net!, Number(prefix));
  }
  return ranges;
}

/** Pings nodes (BEP 5); resolves with how many answered, as soon as all have or the time is over. */
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
    // Any answer to our query will do; a node that refuses a ping is there too.
    if (!text.includes("1:t2:lr") || text.includes("1:y1:q")) return;
    silent.delete(`${from.address}:${from.port}`);
    if (silent.size === 0) over.abort();
  });
  // Without a route a packet cannot be sent; then there is no answer either.
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
