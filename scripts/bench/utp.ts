/**
 * The cost of uTP in processor time, beside TCP and beside datagrams without any protocol:
 * `deno run -A scripts/bench/utp.ts`.
 */

import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";
import { Program } from "./program.ts";

const BYTES = 100 * 2 ** 20;
/** Datagrams of uTP on a usual path: an Ethernet frame without headers of IPv4 and UDP, bytes. */
const DATAGRAM_BYTES = 1_472;

interface Side {
  cpu: number;
  seconds: number;
  packetsOut: number;
}

async function transfer(transport: "tcp" | "utp"): Promise<Figures> {
  await using seeder = Program.module("./utp_node.ts", "seed", transport, `${BYTES}`);
  const { port, infoHashHex } = await seeder.next<{ port: number; infoHashHex: string }>();
  await using reader = Program.module("./utp_node.ts", "read", transport, `${port}`, infoHashHex);
  return await measured(seeder, reader);
}

async function datagrams(api: "deno" | "dgram"): Promise<Figures> {
  await using receiver = Program.module("./utp_node.ts", "receive", api);
  const { port } = await receiver.next<{ port: number }>();
  const args = ["send", api, `${port}`, `${BYTES}`, `${DATAGRAM_BYTES}`];
  await using sender = Program.module("./utp_node.ts", ...args);
  const { reader, seeder, ...rest } = await measured(receiver, sender);
  return { ...rest, seeder: reader!, reader: seeder! };
}

/** Lets `second` work, and returns what both have used. */
async function measured(first: Program, second: Program): Promise<Figures> {
  await second.next();
  first.go();
  second.go();
  const ofSecond = await second.next<Side>();
  first.go();
  const ofFirst = await first.next<Side>();
  const gigabytes = BYTES / 1e9;
  return {
    seeder: ofFirst.cpu / gigabytes,
    reader: ofSecond.cpu / gigabytes,
    both: (ofFirst.cpu + ofSecond.cpu) / gigabytes,
    speed: BYTES / 1e6 / ofSecond.seconds,
    ...(ofFirst.packetsOut > 0 && {
      seederPackets: ofFirst.packetsOut / (BYTES / 2 ** 20),
      readerPackets: ofSecond.packetsOut / (BYTES / 2 ** 20),
    }),
  };
}

const contenders: Contender[] = [
  { name: "uTP", round: () => transfer("utp") },
  { name: "TCP", round: () => transfer("tcp") },
  { name: "datagrams, as of uTP", round: () => datagrams("deno") },
  { name: "datagrams, node:dgram", round: () => datagrams("dgram") },
];

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [{
  id: "utp",
  title: "Processor time of uTP",
  about:
    `${BYTES / 2 ** 20} MiB from one engine to another on 127.0.0.1, each in a process of its ` +
    "own, without encryption. Processor time is from the reader's start to its last byte. " +
    `Datagrams: as many bytes in datagrams of ${DATAGRAM_BYTES} bytes, 64 under way, one of 20 ` +
    "bytes back for each sixteen, and no protocol.",
  metrics: [
    { key: "seeder", name: "processor, seeder", unit: "s/GB" },
    { key: "reader", name: "processor, reader", unit: "s/GB" },
    { key: "both", name: "processor, both", unit: "s/GB" },
    { key: "speed", name: "speed", unit: "MB/s" },
    { key: "seederPackets", name: "packets of the seeder", unit: "per MiB" },
    { key: "readerPackets", name: "packets of the reader", unit: "per MiB" },
  ],
  contenders,
  rounds: 5,
}];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
