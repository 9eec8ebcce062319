/**
 * A long run with everything going on: publish, get, add, remove, announce, with records announced again
 * every minute; and whether memory, file descriptors, sockets and threads of the daemons stay flat.
 *
 * @module
 */

import { join } from "node:path";
import { minimalFileName } from "../../src/package/mod.ts";
import { type Home, newPlace, type Place } from "../../tests/cli/network/place.ts";
import { type Case, most, peakBytes, type Report } from "./case.ts";

const MINUTE_MS = 60_000;
const SAMPLE_MS = 15_000;
/** Rounds between publishing a version and removing it again. */
const KEPT = 15;
/** A pause after each round, so that a round does not hang on how fast the machine is. */
const PAUSE_MS = 1_000;
/** What memory may grow by, from the second third of the time to the last. */
const MAX_GROWTH_BYTES = 40 * 2 ** 20;
const MAX_GROWTH_COUNT = 15;

/** A process at one moment. */
interface Sample {
  rssBytes: number;
  files: number;
  sockets: number;
  threads: number;
}

async function sampleOf(pid: number): Promise<Sample> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  let [files, sockets] = [0, 0];
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    files++;
    const to = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    if (to.startsWith("socket:")) sockets++;
  }
  return { rssBytes: field("VmRSS") * 1_024, files, sockets, threads: field("Threads") };
}

/** The median of a figure over the n-th third of the samples. */
function median(samples: Sample[], third: number, of: keyof Sample): number {
  const length = Math.floor(samples.length / 3);
  const part = samples.slice(third * length, (third + 1) * length).map((sample) => sample[of]);
  return part.sort((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0;
}

function compare(who: string, samples: Sample[]): { text: string; isFlat: boolean } {
  const at = (of: keyof Sample) => [0, 1, 2].map((third) => median(samples, third, of));
  const memory = at("rssBytes");
  const counts = (["files", "sockets", "threads"] as const).map((of) => [of, at(of)] as const);
  const isFlat = memory[2]! - memory[1]! < MAX_GROWTH_BYTES &&
    counts.every(([, [, before, after]]) => after! - before! < MAX_GROWTH_COUNT);
  const texts = [
    `${memory.map((bytes) => Math.round(bytes / 2 ** 20)).join("/")} MiB`,
    ...counts.map(([of, values]) => `${values.join("/")} ${of}`),
  ];
  return { text: `${who} ${texts.join(", ")}`, isFlat };
}

/** What is done in one round; each is a command of its own. */
async function round(place: Place, publisher: Home, other: Home, number: number) {
  const name = `p${number % 5}`;
  const version = `1.0.${number}`;
  const label = `${name}@${version}`;
  const source = await place.source(name, version, `${number}\n`);
  await Deno.writeFile(join(source, "noise"), crypto.getRandomValues(new Uint8Array(65_536)));
  await publisher.must(["publish", "-q", source]);
  const what = `${publisher.publicKey}/${label}`;
  await other.must(["get", "-q", what]);
  const added = join(place.path, `a-${number}.tgz`);
  await publisher.must(["pack", "-q", "--name", "a", "--out", added, source]);
  await other.must(["add", "-q", added]);
  for (const path of [added, minimalFileName(added)]) await Deno.remove(path);
  if (number % 3 === 0) await publisher.must(["announce", label]);
  if (number % 4 === 0) await other.must(["resolve", what]);
  if (number >= KEPT) {
    const old = number - KEPT;
    for (const home of [publisher, other]) {
      await home.must(["remove", "-q", `p${old % 5}@1.0.${old}`]);
    }
    await other.must(["remove", "-q", `a@1.0.${old}`]);
  }
  await Deno.remove(source, { recursive: true });
}

export const soak: Case = {
  name: "soak: publish, get, add, announce, remove",
  async run(scale, minutes = scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const [publisher, other] = [await place.home(), await place.home()];
    const options = { timeoutMs: (minutes + 30) * MINUTE_MS };
    const often = ["--reannounce-interval", "1m"];
    await using seeding = await publisher.daemon(often, options);
    await using getting = await other.daemon(often, options);
    const daemons = { publisher: seeding, getter: getting };
    const samples = { publisher: [] as Sample[], getter: [] as Sample[] };
    const endMs = performance.now() + minutes * MINUTE_MS;
    const sampling = (async () => {
      while (performance.now() < endMs) {
        for (const who of ["publisher", "getter"] as const) {
          samples[who].push(await sampleOf(daemons[who].process.pid));
        }
        await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      }
    })();
    while (performance.now() < endMs) {
      const number = report.tried++;
      try {
        await round(place, publisher, other, number);
        report.survived++;
      } catch (error) {
        console.error(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await sampling;
    const kept = Math.min(report.tried, KEPT);
    for (const [home, wanted] of [[publisher, kept], [other, 2 * kept]] as const) {
      const { packages } = JSON.parse(await home.must(["status", "--json"])) as {
        packages: number;
      };
      report.lost += Math.max(wanted - packages, 0);
    }
    const results = (["publisher", "getter"] as const).map((who) => compare(who, samples[who]));
    report.worstBytes = most(await peakBytes(seeding), await peakBytes(getting));
    report.note = `rounds in ${minutes} minutes; medians of the thirds of the time: ` +
      results.map(({ text }) => text).join("; ");
    if (results.some(({ isFlat }) => !isFlat)) report.problem = "not flat";
    await seeding.end();
    await getting.end();
    return report;
  },
};
