/**
 * Measures the packets that announcing takes in an hour, by number of versions, before and after
 * libreseed knew rendezvous and budgets: `deno run -A scripts/bench/announce_hour.ts [--into FILE]
 * [--picture FILE] [--only TEXT] [--short] [--budget PACKETS]`. The DHT is simulated, the program's own schedule runs in it
 * (`simulated_host.ts`). Prints a table, and draws packets against versions. Figures that FILE already
 * contains are not measured again; table and picture are of all of them. `--only` measures the rows
 * whose label contains the text; a text that no label contains draws what FILE has. `--budget` is the setting
 * `announce-budget` of the measured host, without a FILE.
 */

import { parseScriptArgs } from "../arguments.ts";
import { DhtManager } from "../../src/dht/mod.ts";
import { publisherRendezvous } from "../../src/records/mod.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { SimulatedDht } from "../../tests/support/simulated_dht.ts";
import { draw, exponentOf, formatExponent, type Series } from "./picture.ts";
import { publish, type Published, SimulatedHost } from "./simulated_host.ts";

const HOUR_MS = 3_600_000;
const NODES = 300;
const MIRRORS = 85;
/**
 * Budget of the other mirrors. They have the newest version of each name only, so that the simulation is
 * fast, and a budget at which they select as those with all versions do.
 */
const OTHERS_BUDGET = 2_000;
/** Number of names in the rows that count versions, and numbers in those that count names. */
const FEW_NAMES = 100;
const MANY_NAMES = [1_000, 10_000];
/** Expected packets of an hour beyond which only one hour is measured, so that a row ends. */
const MANY_PACKETS = 100_000;

type Role = "before" | "publisher" | "only mirror" | "one of 85 mirrors";

/** One row of the benchmark. */
export interface HourRow {
  role: Role;
  names: number;
  versions: number;
  /** Mean life of the nodes in hours; unless given, nodes live for ever. */
  lifeHours?: number;
}

/** A row with the packets that its host sends in an hour over one address family. */
export interface HourFigure extends HourRow {
  all: number;
  /** Packets for versions that are not the newest of their name: their turns, where the host selects. */
  older: number;
}

/** Size of the simulation, smaller in tests. */
export interface HourSize {
  nodes: number;
  /** Number of mirrors, of which one is measured, in the role of one of many. */
  mirrors: number;
}

/** Lets a host live in a simulated DHT, and counts its packets. */
export async function measureHour(
  row: HourRow,
  { nodes, mirrors }: HourSize = { nodes: NODES, mirrors: MIRRORS },
  budget?: number,
): Promise<HourFigure> {
  const { role, names, versions, lifeHours } = row;
  const clock = new FakeClock(Date.UTC(2027, 0, 5, 1));
  const items = { verify: false };
  const dht = new SimulatedDht({ clock, nodes, seed: 1, loss: 0.01, items });
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
    for (let i = 1; i < mirrors; i++) {
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
  const host = await hostOf(0, role !== "before", published, budget);
  if (lifeHours !== undefined) dht.churn(lifeHours * HOUR_MS);
  await clock.advance((isAmongMany ? 4 : 2) * HOUR_MS);
  host.takePackets();
  const expected = 67 * names + (role === "before" ? 51 * versions : 0);
  const hours = expected > MANY_PACKETS ? 1 : 2;
  const sum = { all: 0, older: 0 };
  for (let i = 0; i < hours * 12; i++) {
    await clock.advance(HOUR_MS / 12);
    const { all, older } = host.takePackets();
    sum.all += all;
    sum.older += older;
  }
  return { ...row, all: Math.round(sum.all / hours), older: Math.round(sum.older / hours) };
}

/** The same publisher with the newest version of each name only. */
function newestOf(published: Published, names: number): Published {
  const manifests = published.manifests.slice(-names);
  return { ...published, manifests, records: published.records.slice(-names) };
}

/** All rows, or those that take seconds. */
export function rowsOf(short: boolean): HourRow[] {
  const counts = short ? [100, 1_000] : [100, 1_000, 10_000, 100_000];
  const roles: Role[] = ["before", "publisher", "only mirror", "one of 85 mirrors"];
  const kinds = [
    ...roles.flatMap((role) => counts.map((versions) => ({ role, names: FEW_NAMES, versions })))
      // 5 million packets an hour: out of reach of the simulation.
      .filter(({ role, versions }) => role !== "before" || versions < 100_000),
    ...(short ? [] : MANY_NAMES).flatMap((names) =>
      roles.filter((role) => role !== "only mirror")
        .map((role) => ({ role, names, versions: names }))
    ),
  ];
  return short ? kinds : kinds.flatMap((kind) => [kind, { ...kind, lifeHours: 1 }]);
}

function labelOf({ role, names, versions, lifeHours }: HourRow): string {
  return `${role}, ${whatOf({ names, versions })}, nodes live ${
    lifeHours === undefined ? "for ever" : `${lifeHours} h`
  }`;
}

function whatOf({ names, versions }: { names: number; versions: number }): string {
  return `${versions.toLocaleString("en")} versions of ${names.toLocaleString("en")} names`;
}

/** Formats figures as Markdown, one line for those that differ by the life of the nodes only. */
export function tableOf(figures: readonly HourFigure[]): string {
  const lines = [
    "| what | who | packets an hour, without turns | with turns | nodes live an hour: without | with |",
    "| --- | --- | ---: | ---: | ---: | ---: |",
  ];
  const kinds = Map.groupBy(figures, (one) => `${whatOf(one)} | ${one.role}`);
  for (const [kind, ofKind] of kinds) {
    const cells = [undefined, 1].flatMap((life) => {
      const figure = ofKind.find(({ lifeHours }) => lifeHours === life);
      if (figure === undefined) return ["", ""];
      const { role, all, older } = figure;
      // Before, versions had no turns: all were announced by themselves.
      return [
        role === "before" ? "" : (all - older).toLocaleString("en"),
        all.toLocaleString("en"),
      ];
    });
    lines.push(`| ${kind} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

/**
 * Returns the lines of the picture, of two points and more: packets against versions of 100 names, where
 * nodes live for ever. The exponent is that of the growth beyond one version of each name.
 */
export function seriesOf(figures: readonly HourFigure[]): Series[] {
  const series = (name: string, role: Role, cost: (figure: HourFigure) => number): Series => {
    const points = figures
      .filter((one) => one.role === role && one.names === FEW_NAMES && !one.lifeHours)
      .map((one) => [one.versions, cost(one)] as const)
      .sort(([a], [b]) => a - b);
    const growing = points.filter(([versions]) => versions > FEW_NAMES);
    return growing.length > 1
      ? { name, points, exponent: exponentOf({ name, points: growing }) }
      : { name, points };
  };
  return [
    series("before", "before", ({ all }) => all),
    series("publisher, with turns", "publisher", ({ all }) => all),
    series("publisher, without turns", "publisher", ({ all, older }) => all - older),
    series("one of 85 mirrors", "one of 85 mirrors", ({ all }) => all),
  ].filter(({ points }) => points.length > 1);
}

/** Draws packets an hour against versions. */
export function pictureOf(figures: readonly HourFigure[]): string {
  const title = `Packets an hour for each address family, ${FEW_NAMES} names`;
  return draw(title, "packets", seriesOf(figures), "versions");
}

/** Formats figures as JSON, one line for each, so that versions of the file can be compared. */
function fileOf(figures: readonly HourFigure[]): string {
  const lines = figures.map((figure) => {
    const fields = Object.entries(figure).map(([key, value]) =>
      `"${key}": ${JSON.stringify(value)}`
    );
    return `  { ${fields.join(", ")} }`;
  });
  return `[\n${lines.join(",\n")}\n]\n`;
}

if (import.meta.main) {
  const { values } = parseScriptArgs({
    options: {
      into: { type: "string" },
      picture: { type: "string" },
      only: { type: "string" },
      short: { type: "boolean", default: false },
      budget: { type: "string" },
    },
  });
  const rows = rowsOf(values.short);
  const figures = new Map<string, HourFigure>();
  const { into } = values;
  if (into !== undefined && values.budget !== undefined) {
    throw new Error(
      "figures with another budget do not go into the file: leave out --into or --budget",
    );
  }
  if (into !== undefined) {
    const text = await Deno.readTextFile(into).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return "[]";
      throw error;
    });
    for (const figure of JSON.parse(text) as HourFigure[]) figures.set(labelOf(figure), figure);
  }
  const sorted = () => {
    const order = rowsOf(false).map(labelOf);
    return [...figures].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
      .map(([, figure]) => figure);
  };
  for (const row of rows) {
    const label = labelOf(row);
    if (figures.has(label) || (values.only !== undefined && !label.includes(values.only))) continue;
    const begunMs = performance.now();
    const budget = values.budget === undefined ? undefined : Number(values.budget);
    const figure = await measureHour(row, undefined, budget);
    figures.set(label, figure);
    const { all, older } = figure;
    const took = ((performance.now() - begunMs) / 1_000).toFixed(0);
    console.error(`${label}: ${all} packets, ${older} for older versions, ${took} s`);
    if (into === undefined) continue;
    await Deno.writeTextFile(into, fileOf(sorted()));
  }
  console.log(tableOf(sorted()));
  for (const one of seriesOf(sorted())) {
    console.log(`\n${one.name}: exponent ${formatExponent(one)}`);
  }
  if (values.picture !== undefined) await Deno.writeTextFile(values.picture, pictureOf(sorted()));
}
