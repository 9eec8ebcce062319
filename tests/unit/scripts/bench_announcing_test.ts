import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type HourFigure,
  measureHour,
  pictureOf,
  rowsOf,
  seriesOf,
  tableOf,
} from "../../../scripts/bench/announce_hour.ts";
import { liveThrough, rows as weeks, takeHours } from "../../../scripts/bench/announce_week.ts";
import { fillMirror, rows as mirrors } from "../../../scripts/bench/mirror_size.ts";
import { systemClock } from "../../../src/base/mod.ts";
import { homePaths } from "../../../src/control/home.ts";
import { SeedDirectory, StateDatabase } from "../../../src/store/mod.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const docs = join(import.meta.dirname!, "..", "..", "..", "docs");
const small = { nodes: 30, mirrors: 5 };

Deno.test("packets of versions count before, and are the turns of a host that selects", async () => {
  const [few, many] = [4, 16];
  const measure = (role: HourFigure["role"], versions: number) =>
    measureHour({ role, names: 2, versions }, small);
  const before = [await measure("before", few), await measure("before", many)] as const;
  assert.ok(before[1].all > 2.5 * before[0].all, `${before[0].all}, ${before[1].all}`);
  for (const role of ["publisher", "only mirror"] as const) {
    const first = await measure(role, few);
    const second = await measure(role, many);
    assert.ok(
      first.older > 0 && second.older > 2.5 * first.older,
      `${first.older}, ${second.older}`,
    );
    const [without, withMore] = [first.all - first.older, second.all - second.older];
    assert.ok(without > 0 && Math.abs(withMore / without - 1) < 0.25, `${without}, ${withMore}`);
  }
});

Deno.test("one of several mirrors sends less than the only one", async () => {
  const row = { names: 6, versions: 6 };
  const only = await measureHour({ role: "only mirror", ...row }, small);
  const shared = await measureHour({ role: "one of 85 mirrors", ...row }, small);
  assert.ok(shared.all > 0 && shared.all < only.all, `${shared.all}, ${only.all}`);
});

Deno.test("a publisher is looked for through the hours that were asked for", async () => {
  const days: [number, unknown][] = [];
  const size = { hours: 24, nodes: 30, names: 2, versions: 4, seed: 1 };
  const found = await liveThrough({
    ...{ ...size, plans: true },
    onDay: (day, figures) => days.push([day, figures]),
  });
  assert.deepEqual(days.map(([day]) => day), [1]);
  for (const lost of [found.name, found.key, found.version]) {
    assert.ok(lost >= 0 && lost < 20, `${lost} % not found`);
  }
  assert.ok(found.packets > 0);
  // With no more than a packet an hour, versions have no turns.
  const poor = await liveThrough({ ...size, hours: 3, plans: true, budget: 1 });
  assert.ok(poor.packets < found.packets, `${poor.packets}, ${found.packets}`);
});

Deno.test("the hours of a week are an option of its benchmark alone", () => {
  assert.deepEqual(takeHours(["--rounds", "1"]), { hours: 168, others: ["--rounds", "1"] });
  const others = ["--only", "libreseed", "announce-week"];
  assert.deepEqual(takeHours(["--hours", "24", ...others]), { hours: 24, others });
  assert.deepEqual(takeHours([...others, "--hours=24"]), { hours: 24, others });
  for (const wrong of ["0", "1.5", "week"]) {
    assert.throws(() => takeHours(["--hours", wrong]), RangeError);
  }
  assert.deepEqual(weeks.map(({ id }) => id), ["announce-week"]);
});

const figures: HourFigure[] = [
  { role: "before", names: 100, versions: 100, all: 1_000, older: 0 },
  { role: "before", names: 100, versions: 1_000, all: 2_000, older: 1_000 },
  { role: "before", names: 100, versions: 10_000, all: 20_000, older: 19_000 },
  { role: "publisher", names: 100, versions: 1_000, all: 5_000, older: 4_000 },
  { role: "publisher", names: 100, versions: 1_000, lifeHours: 1, all: 6_000, older: 4_500 },
  { role: "publisher", names: 100, versions: 10_000, all: 5_000, older: 4_000 },
  { role: "publisher", names: 10_000, versions: 10_000, all: 9_000, older: 0 },
];

Deno.test("the table of packets has a line for each row, with and without turns", () => {
  const lines = tableOf(figures).split("\n").slice(2);
  assert.equal(lines.length, 6);
  assert.equal(lines[1], "| 1,000 versions of 100 names | before |  | 2,000 |  |  |");
  assert.equal(
    lines[3],
    "| 1,000 versions of 100 names | publisher | 1,000 | 5,000 | 1,500 | 6,000 |",
  );
});

Deno.test("the picture of packets has the rows of 100 names where nodes live for ever", () => {
  const series = seriesOf(figures);
  assert.deepEqual(series.map(({ name, points }) => [name, points.map(([, cost]) => cost)]), [
    ["before", [1_000, 2_000, 20_000]],
    ["publisher, with turns", [5_000, 5_000]],
    ["publisher, without turns", [1_000, 1_000]],
  ]);
  // The growth beyond one version of each name.
  assert.deepEqual(series.map(({ exponent }) => Math.round(exponent! * 100) / 100), [1, 0, 0]);
  assert.match(pictureOf(figures), />versions<[^]*>publisher, without turns</);
});

Deno.test("the picture in docs is drawn from the figures beside it", async () => {
  const text = await Deno.readTextFile(join(docs, "benchmarks", "announce_hour.json"));
  const kept: HourFigure[] = JSON.parse(text);
  const current = await Deno.readTextFile(join(docs, "pictures", "announce_hour.svg"));
  const command = "scripts/bench/announce_hour.ts --into … --picture … --only nothing";
  assert.equal(current, pictureOf(kept), `docs/pictures/announce_hour.svg is old: ${command}`);
  // Figures of rows that the benchmark no longer has cannot be measured again.
  const known = rowsOf(false);
  for (const { all: _all, older: _older, ...row } of kept) {
    assert.ok(
      known.some((one) => JSON.stringify(one) === JSON.stringify(row)),
      JSON.stringify(row),
    );
  }
});

Deno.test("the home of a measured mirror has the versions that its row promises", async () => {
  assert.deepEqual(mirrors.map(({ id }) => id), ["mirror-10000", "mirror-100000"]);
  await using home = await temporaryHome();
  const { path, keys } = await fillMirror(home.path, 120);
  assert.equal((await new SeedDirectory(path).list()).length, 120);
  using state = StateDatabase.open(homePaths(home.path).state, systemClock);
  assert.deepEqual([...state.follows.list()].map(({ publicKey }) => publicKey), [keys.publicKey]);
  // A manifest record for each version, an entry and an index for each of two names, and the list.
  assert.equal(state.records.count(), 120 + 2 * 2 + 1);
});
