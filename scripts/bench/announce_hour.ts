/**
 * Measures the packets that announcing takes in an hour, by number of versions, before and after
 * libreseed knew rendezvous and budgets: `deno run -A scripts/bench/announce_hour.ts [--picture FILE]
 * [--only TEXT] [--short]`. The DHT is simulated, the program's own schedule runs in it
 * (`simulated_host.ts`). Prints a table, and draws packets against versions.
 */

import { parseArgs } from "node:util";
import { DhtManager } from "../../src/dht/mod.ts";
import { publisherRendezvous } from "../../src/records/mod.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { SimulatedDht } from "../../tests/support/simulated_dht.ts";
import { draw, exponentOf, type Series } from "./picture.ts";
import { publish, type Published, SimulatedHost } from "./simulated_host.ts";

const HOUR_MS = 3_600_000;
const NODES = 300;
const MIRRORS = 85;
/**
 * Budget of the other mirrors. They have the newest version of each name only, so that the simulation is
 * fast, and a budget at which they select as those with all versions do.
 */
const OTHERS_BUDGET = 2_000;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    picture: { type: "string" },
    only: { type: "string" },
    short: { type: "boolean" },
  },
});

type Role = "before" | "publisher" | "only mirror" | "one of 85 mirrors";

/** Packets in an hour over one address family. */
interface Measured {
  all: number;
  /** Those for versions that are not the newest of their name: their turns, where the host selects. */
  older: number;
}

/** Lets a host live in a simulated DHT, and counts its packets. */
async function measure(
  role: Role,
  names: number,
  versions: number,
  lifeHours: number,
): Promise<Measured> {
  const clock = new FakeClock(Date.UTC(2027, 0, 5, 1));
  const items = { verify: false };
  const dht = new SimulatedDht({ clock, nodes: NODES, seed: 1, loss: 0.01, items });
  const published = publish(names, versions, clock.now());
  await using stack = new AsyncDisposableStack();
  const hostOf = async (index: number, plans: boolean, of: Published, budget?: number) =>
    stack.use(
      await SimulatedHost.start({
        ...{ dht, clock, published: of, plans, budget, seed: index + 1 },
        isPublisher: role === "publisher" || role === "before",
        host: `45.${index}.7.1`,
      }),
    );
  const isAmongMany = role === "one of 85 mirrors";
  if (isAmongMany) {
    // The others are at the rendezvous before the one that is measured looks who is there.
    const light = newestOf(published, names);
    for (let i = 1; i < MIRRORS; i++) {
      const manager = new DhtManager({
        nodes: () => [dht.client({ known: 64, host: `45.${i}.7.1` })],
        clock,
      });
      await clock.until(
        manager.announcePeer(publisherRendezvous(published.keys.publicKey), 6_881, {}),
      );
      await hostOf(i, true, light, OTHERS_BUDGET);
    }
  }
  const host = await hostOf(0, role !== "before", published);
  if (Number.isFinite(lifeHours)) dht.churn(lifeHours * HOUR_MS);
  await clock.advance((isAmongMany ? 4 : 2) * HOUR_MS);
  host.takePackets();
  const hours = versions > 2_000 && role === "before" ? 1 : 2;
  const sum = { all: 0, older: 0 };
  for (let i = 0; i < hours * 12; i++) {
    await clock.advance(HOUR_MS / 12);
    const { all, older } = host.takePackets();
    sum.all += all;
    sum.older += older;
  }
  return { all: sum.all / hours, older: sum.older / hours };
}

/** The same publisher with the newest version of each name only. */
function newestOf(published: Published, names: number): Published {
  const manifests = published.manifests.slice(-names);
  return { ...published, manifests, records: published.records.slice(-names) };
}

const table: string[][] = [];

async function row(role: Role, names: number, versions: number): Promise<number | undefined> {
  const label = `${versions.toLocaleString("en")} versions of ${names.toLocaleString("en")} names`;
  if (values.only !== undefined && !`${role} ${label}`.includes(values.only)) return undefined;
  const figures: Measured[] = [];
  for (const lifeHours of values.short ? [Infinity] : [Infinity, 1]) {
    const begunMs = performance.now();
    const measured = await measure(role, names, versions, lifeHours);
    figures.push(measured);
    console.error(
      `${role}, ${label}, ${lifeHours} h: ${Math.round(measured.all)} packets, ` +
        `${Math.round(measured.older)} for older versions, ` +
        `${((performance.now() - begunMs) / 1_000).toFixed(0)} s`,
    );
  }
  table.push([
    ...[label, role],
    ...figures.flatMap(({ all, older }) =>
      [role === "before" ? all : all - older, all].map((one) =>
        Math.round(one).toLocaleString("en")
      )
    ),
  ]);
  return figures[0]!.all;
}

const series: Series[] = [];
for (
  const [role, counts] of [
    ["before", [100, 1_000, 10_000]],
    ["publisher", [100, 1_000, 10_000, 100_000]],
    ["only mirror", [100, 1_000, 10_000, 100_000]],
    ["one of 85 mirrors", [100, 1_000, 10_000, 100_000]],
  ] as const
) {
  const points: [number, number][] = [];
  for (const count of values.short ? counts.slice(0, 2) : counts) {
    const packets = await row(role, 100, count);
    if (packets !== undefined) points.push([count, packets]);
  }
  if (points.length > 1) series.push({ name: role, points });
}
if (!values.short) {
  for (const role of ["before", "publisher", "one of 85 mirrors"] as const) {
    await row(role, 10_000, 10_000);
  }
}
console.log(
  "| what | who | packets an hour, without turns | with turns | nodes live an hour: without | with |",
);
console.log("| --- | --- | ---: | ---: | ---: | ---: |");
for (const cells of table) console.log(`| ${cells.join(" | ")} |`);
for (const one of series) {
  const growing = { ...one, points: one.points.slice(1) };
  console.log(
    `\n${one.name}: exponent ${exponentOf(growing.points.length > 1 ? growing : one).toFixed(2)}`,
  );
}
if (values.picture !== undefined) {
  const title = "Packets an hour for each address family, 100 names";
  await Deno.writeTextFile(values.picture, draw(title, "packets", series));
}
