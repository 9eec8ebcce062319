/**
 * The part of `flood.ts` that runs as root in a network namespace. It starts a daemon, and in a
 * second namespace, connected by a virtual cable, a sender of forged packets and honest nodes.
 * Arguments: seconds, kind of packets, number of forged addresses. It prints one line of JSON.
 */

import { join } from "node:path";
import { eventually, newPlace } from "../../tests/support/place.ts";
import { peakBytes, processorMs } from "./case.ts";
import { published } from "./hostile.ts";

/** The measured outcome of a flood of packets. */
export interface Flood {
  /** Number of packets that the flood sent. */
  sent: number;
  /** Number of packets that the receiving system dropped unread. */
  lost: number;
  /** Number of packets that the node read, and numbers of packets that it dropped, by reason. */
  read: number;
  limited: number;
  malformed: number;
  unasked: number;
  /** Number of packets that the flooded node sent. */
  out: number;
  /**
   * Numbers of queries that honest nodes sent, and of answers that the flooded node gave. `known`
   * counts queries of nodes that the flooded node knows; `strangers` counts all other queries.
   */
  known: { asked: number; answered: number };
  strangers: { asked: number; answered: number };
  /**
   * Number of `announce` commands that ran during the flood, and number of those commands that
   * ended with exit code 0.
   */
  announced: { tried: number; well: number };
  /** Processor time that the daemon used during the flood, in milliseconds. */
  processorMs: number;
  peakBytes: number | undefined;
  recoveryMs: number;
  /** Duration during which packets were counted, in milliseconds. */
  countedMs: number;
}

const [HERE, THERE] = ["10.99.0.1", "10.99.0.2"];
const PACKETS_A_SECOND = 60_000;
const ACQUAINTANCE_SECONDS = 3;
const [seconds, kind, senders] = Deno.args as [string, string, string];

async function sh(script: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-ec", script] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Makes the second network namespace. The namespace ends with the process that holds it. */
async function connect(): Promise<Deno.ChildProcess> {
  const other = new Deno.Command("unshare", { args: ["--net", "sleep", "infinity"] }).spawn();
  const inOther = `nsenter -t ${other.pid} -n`;
  await sh(`
    ip link set lo up
    ip link add here type veth peer name there
    until [ "$(readlink /proc/${other.pid}/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
    ip link set there netns ${other.pid}
    ip address add ${HERE}/24 dev here
    ip link set here up
    ${inOther} ip link set lo up
    ${inOther} ip address add ${THERE}/24 dev there
    ${inOther} ip link set there up
    ip route add default via ${THERE}
    for name in all here; do echo 0 > /proc/sys/net/ipv4/conf/$name/rp_filter || true; done`);
  return other;
}

function inOther(other: Deno.ChildProcess, script: string, args: unknown[]): Deno.ChildProcess {
  const run = [
    Deno.execPath(),
    "run",
    "-qA",
    join(import.meta.dirname!, script),
  ];
  return new Deno.Command("nsenter", {
    args: ["-t", `${other.pid}`, "-n", ...run, ...args.map(String)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}

/** Returns the number of packets that the system dropped because the socket's buffer was full. */
function drops(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const line = Deno.readTextFileSync("/proc/net/udp").split("\n").find((one) =>
    one.includes(`:${hex} 00000000:0000`)
  );
  return Number(line!.trim().split(/\s+/).at(-1));
}

async function lastLine(process: Deno.ChildProcess): Promise<string> {
  const { success, stdout } = await process.output();
  if (!success) throw new Error("a sender or an asker has failed");
  return new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!;
}

const other = await connect();
try {
  await using place = await newPlace();
  const home = await place.home();
  await published(place, home, "pkg", 1 << 10);
  await using daemon = await home.daemon();
  const traffic = async () => {
    const { traffic, utp } = JSON.parse(await home.must(["status", "--json"]));
    return {
      ...traffic,
      packetsIn: traffic.packetsIn + utp.packetsIn,
      packetsOut: traffic.packetsOut + utp.packetsOut,
    };
  };
  const askers = inOther(other, "honest_nodes.ts", [
    THERE,
    HERE,
    daemon.port,
    ACQUAINTANCE_SECONDS,
    seconds,
  ]);
  await new Promise((resolve) => setTimeout(resolve, (ACQUAINTANCE_SECONDS + 1) * 1_000));
  const countedFromMs = performance.now();
  const before = await traffic();
  const processorBeforeMs = await processorMs(daemon);
  const droppedBefore = drops(daemon.port);
  const sender = inOther(other, "raw_sender.ts", [
    HERE,
    daemon.port,
    seconds,
    PACKETS_A_SECOND,
    kind,
    senders,
  ]);
  const start = askers.stdin.getWriter();
  await start.write(new Uint8Array(1));
  await start.close();
  const announced = { tried: 0, well: 0 };
  const endMs = performance.now() + Number(seconds) * 1_000;
  while (performance.now() < endMs) {
    announced.tried++;
    if ((await home.run(["announce", "-q", "--timeout", "20s"])).code === 0) announced.well++;
  }
  const sent = Number(await lastLine(sender));
  const usedMs = await processorMs(daemon) - processorBeforeMs;
  const startMs = performance.now();
  await eventually(async () => (await home.run(["announce", "-q"])).code === 0);
  const recoveryMs = performance.now() - startMs;
  const after = await traffic();
  const since = (name: string) => after[name] - before[name];
  const flood: Flood = {
    sent,
    lost: drops(daemon.port) - droppedBefore,
    read: since("packetsIn"),
    limited: since("limited"),
    malformed: since("malformed"),
    unasked: since("unasked"),
    out: since("packetsOut"),
    ...JSON.parse(await lastLine(askers)),
    announced,
    processorMs: usedMs,
    peakBytes: await peakBytes(daemon),
    recoveryMs,
    countedMs: performance.now() - countedFromMs,
  };
  console.log(JSON.stringify(flood));
  await daemon.end();
} finally {
  other.kill();
  await other.status;
}
