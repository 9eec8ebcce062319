import assert from "node:assert/strict";
import { join } from "node:path";
import { rows } from "../../../scripts/bench/update.ts";
import {
  figuresOf,
  pictureOf,
  tableOf,
  type UpdateFigure,
} from "../../../scripts/bench/update_picture.ts";

const docs = join(import.meta.dirname!, "..", "..", "..", "docs");

const update = { row: "update-one", what: "one 1.0.0 → 1.0.1" };
const figures: UpdateFigure[] = [
  { ...update, who: "libreseed get", share: 10, kilobytes: 1_234, seconds: 1 },
  { ...update, who: "libreseed get --no-reuse", share: 100.2, kilobytes: 12_365, seconds: 2 },
  { ...update, who: "zsync", share: 40, kilobytes: 4_936, seconds: 0.5 },
  { row: "update-two", what: "two 1 → 2", who: "casync", share: 80, kilobytes: 80, seconds: 1 },
];

/** Returns the width of each bar of a picture, in order. */
function barsOf(picture: string): number[] {
  return [...picture.matchAll(/M(\d+) \d+H([\d.]+)v/g)].map(([, from, to]) =>
    Number(to) - Number(from)
  );
}

Deno.test("a bar of the picture of updates is as long as its share", () => {
  const picture = pictureOf(figures);
  const [libreseed, zsync, casync, ...others] = barsOf(picture);
  assert.deepEqual(others, []);
  assert.ok(libreseed! > 0);
  for (const [bar, times] of [[zsync!, 4], [casync!, 8]] as const) {
    assert.ok(Math.abs(bar / libreseed! - times) < 0.02, `${bar} is not ${times} × ${libreseed}`);
  }
  assert.match(picture, />one 1\.0\.0 → 1\.0\.1, 12\.3 MB<[^]*>10\.0 %, 1,234 kB<[^]*>zsync</);
  assert.match(picture, />two 1 → 2, 0\.1 MB<[^]*>casync</);
  // A download of the whole archive has no bar: it is the end of the axis.
  assert.doesNotMatch(picture, /no-reuse/);
});

Deno.test("a program that fetched more than the archive stays inside the picture", () => {
  const more = { ...figures[0]!, who: "zsync", share: 250, kilobytes: 30_850 };
  const [libreseed, zsync] = barsOf(pictureOf([figures[0]!, more]));
  assert.ok(zsync! > 20 * libreseed! && zsync! <= 500, `${libreseed}, ${zsync}`);
});

Deno.test("the table of updates names each update once", () => {
  assert.deepEqual(tableOf(figures).split("\n").slice(2), [
    "| one 1.0.0 → 1.0.1 | libreseed get | 10.0 | 1,234 | 1.00 |",
    "|  | libreseed get --no-reuse | 100 | 12,365 | 2.00 |",
    "|  | zsync | 40.0 | 4,936 | 0.50 |",
    "| two 1 → 2 | casync | 80.0 | 80 | 1.00 |",
  ]);
});

Deno.test("medians of the rounds are kept, and nothing of a program that failed", () => {
  const round = (share: number) => ({ share, kilobytes: share * 10, seconds: share / 10 });
  const measured = {
    row: rows[0]!,
    figures: new Map([["libreseed get", [round(5.004), round(9), round(1)]], ["casync", []]]),
    ...{ missing: [], failed: [], seconds: new Map() },
  };
  const [kept, ...others] = figuresOf(measured);
  assert.deepEqual(kept, {
    ...{ row: "update-next", what: "next 15.3.0 → 15.3.1", who: "libreseed get" },
    ...{ share: 5, kilobytes: 50, seconds: 0.5 },
  });
  assert.deepEqual(others, []);
});

Deno.test("picture and table of updates in docs are of the figures beside them", async () => {
  const kept: UpdateFigure[] = JSON.parse(
    await Deno.readTextFile(join(docs, "benchmarks", "update.json")),
  );
  const current = await Deno.readTextFile(join(docs, "pictures", "update.svg"));
  const command = "scripts/bench/update_picture.ts --into … --picture …";
  assert.equal(current, pictureOf(kept), `docs/pictures/update.svg is old: ${command}`);
  // The formatter pads the cells.
  const plain = (text: string) => text.replace(/-+/g, "-").replace(/ +/g, " ");
  const text = plain(await Deno.readTextFile(join(docs, "benchmarks.md")));
  for (const line of plain(tableOf(kept)).split("\n")) assert.ok(text.includes(line), line);
  // Figures of rows that the benchmark no longer has cannot be measured again.
  assert.deepEqual([...new Set(kept.map(({ row }) => row))], rows.map(({ id }) => id));
});
