/**
 * The processor time that a flood of questions at a rendezvous takes: `deno run -A
 * scripts/bench/rendezvous.ts`.
 */

import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";
import { Program } from "./program.ts";

/** Time for which the processor is watched (ms). */
const WATCH_MS = 20_000;
/** Time for which the flood runs before, so that the burst of questions is over (ms). */
const BEFORE_MS = 8_000;

interface Used {
  cpu: number;
  seconds: number;
  questions: number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Floods an engine that is met at a rendezvous.
 *
 * @param how `plain` for connections with four questions each, `encrypted` for engines that ask one,
 * `elsewhere` for handshakes with an infohash that the engine does not have
 * @param perSecond connections begun each second
 */
async function flood(
  how: "plain" | "encrypted" | "elsewhere",
  perSecond: number,
): Promise<Figures> {
  await using met = Program.module("./rendezvous_node.ts", "met");
  const { port } = await met.next<{ port: number }>();
  const used = async () => {
    met.go();
    await sleep(WATCH_MS);
    met.go();
    return await met.next<Used>();
  };
  const idle = await used();
  await using flooding = Program.module("./rendezvous_node.ts", how, `${port}`, `${perSecond}`);
  await flooding.next();
  await sleep(BEFORE_MS);
  const flooded = await used();
  flooding.go();
  const { connections } = await flooding.next<{ connections: number }>();
  return {
    percent: 100 * (flooded.cpu / flooded.seconds - idle.cpu / idle.seconds),
    idle: 100 * idle.cpu / idle.seconds,
    questions: flooded.questions / flooded.seconds,
    connections,
  };
}

const contenders: Contender[] = [
  { name: "50 connections a second, plain", round: () => flood("plain", 50) },
  { name: "200 connections a second, plain", round: () => flood("plain", 200) },
  { name: "20 connections a second, encrypted", round: () => flood("encrypted", 20) },
  { name: "50 for another infohash, plain", round: () => flood("elsewhere", 50) },
  { name: "200 for another infohash, plain", round: () => flood("elsewhere", 200) },
];

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [{
  id: "rendezvous-flood",
  title: "A flood of questions at a rendezvous",
  about:
    "An engine in a process of its own, met at one rendezvous over 127.0.0.1, where connections are " +
    "not limited by network. Plain: connections by TCP that ask four questions each. Encrypted: one " +
    "question each, all bytes by RC4. Another infohash: handshakes that the engine refuses, as without a " +
    "rendezvous. Each answer has 64 entries. Processor time of the whole process " +
    `in ${WATCH_MS / 1_000} s, in percent of one core, without what it takes at rest; the first ` +
    `${BEFORE_MS / 1_000} s of a flood are not counted.`,
  metrics: [
    { key: "percent", name: "processor", unit: "%" },
    { key: "idle", name: "at rest", unit: "%" },
    { key: "questions", name: "questions answered", unit: "per s" },
    { key: "connections", name: "connections that were made", unit: "per s" },
  ],
  contenders,
  rounds: 3,
  warmUp: false,
}];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
