import assert from "node:assert/strict";
import { clearImmediate, setImmediate } from "node:timers";
import { isNewerVersion } from "../../../../src/package/mod.ts";
import {
  countUnannounced,
  type Plan,
  planAnnouncements,
  type PlanInput,
  type PlannedVersion,
  type VersionPages,
} from "../../../../src/host/records/announce_plan.ts";
import { AnnounceCosts } from "../../../../src/host/records/announce_costs.ts";

/** Packages of one publisher: `names` names with `each` versions. */
function* versionsOf(names: number, each: number): Generator<PlannedVersion> {
  for (let name = 0; name < names; name++) {
    for (let minor = 0; minor < each; minor++) {
      const infoHashHex = (name * each + minor).toString(16).padStart(40, "0");
      yield { publisher: "k", name: `p${name}`, version: `1.${minor}.0`, infoHashHex };
    }
  }
}

/** Options of {@linkcode plan}. The first four choose among all versions. */
interface PlanOptions extends Partial<PlanInput> {
  versions?: Iterable<PlannedVersion>;
  isNamed?: (version: PlannedVersion) => boolean;
  askedMs?: (version: PlannedVersion) => number | undefined;
  publishedMs?: (version: PlannedVersion) => number | undefined;
}

/** Number of versions in a page. */
const PAGE = 500;

/** Selects from versions what `state.db` would. */
function pagesOf({ versions = [], isNamed, askedMs, publishedMs }: PlanOptions): VersionPages {
  const all = [...versions];
  const newest = new Map<string, PlannedVersion>();
  for (const one of all) {
    const key = `${one.publisher} ${one.name}`;
    const before = newest.get(key);
    if (!before || isNewerVersion(one.version, before.version)) newest.set(key, one);
  }
  const latest = (timeOf: (version: PlannedVersion) => number | undefined = () => undefined) =>
    all.filter((one) => !isNamed?.(one) && timeOf(one) !== undefined)
      .sort((a, b) => timeOf(b)! - timeOf(a)!);
  function* paged(some: PlannedVersion[]) {
    for (let at = 0; at < some.length; at += PAGE) yield some.slice(at, at + PAGE);
  }
  return {
    named: () => paged(all.filter((one) => isNamed?.(one))),
    newest: () => paged([...newest.values()]),
    wanted: () => paged(latest(askedMs)),
    fresh: () => paged(latest((one) => askedMs?.(one) ? undefined : publishedMs?.(one))),
  };
}

function plan(names: number, each: number, options: PlanOptions = {}): Promise<Plan> {
  const { versions = versionsOf(names, each), isNamed, askedMs, publishedMs, ...changed } = options;
  const costs = new AnnounceCosts();
  const count = names * each;
  return planAnnouncements({
    budget: 20_000,
    costs: {
      record: costs.hourly("record"),
      torrent: costs.hourly("torrent"),
      name: costs.hourly("name"),
    },
    all: { archives: count, manifests: count, names },
    always: { lists: 1, catalogs: 1, publishers: 1, names },
    hadEverything: true,
    pages: pagesOf({ versions, isNamed, askedMs, publishedMs }),
    isKeeper: () => true,
    takesTurns: true,
    ...changed,
  });
}

function selected(made: Plan): string[] {
  assert.equal(made.kind, "selection");
  return made.kind === "selection"
    ? made.versions.map(({ name, version }) => `${name}@${version}`)
    : [];
}

Deno.test("within the budget everything is announced individually", async () => {
  const made = await plan(50, 5);
  assert.equal(made.kind, "everything");
  assert.ok(made.packets <= 20_000);
});

Deno.test("without versions nothing is planned", async () => {
  assert.equal((await plan(0, 0)).kind, "everything");
});

Deno.test("beyond the budget, each package's newest version is announced individually", async () => {
  const names = selected(await plan(100, 100));
  assert.deepEqual(names.sort(), Array.from({ length: 100 }, (_, i) => `p${i}@1.99.0`).sort());
});

Deno.test("the packets of an hour do not grow with the number of versions", async () => {
  const few = await plan(100, 10);
  for (const each of [100, 1_000]) {
    const many = await plan(100, each);
    assert.equal(many.packets, few.packets);
    assert.equal(
      many.kind === "selection" && many.turnPackets,
      few.kind === "selection" && few.turnPackets,
    );
  }
  assert.ok(few.packets <= 13_000, `${few.packets}`);
  assert.ok(few.packets + (few.kind === "selection" ? few.turnPackets : 0) <= 20_000);
});

Deno.test("where nodes live an hour, 10,000 versions of 100 names cost at most 16,000 packets", async () => {
  const made = await plan(100, 100, { costs: { record: 25, torrent: 37, name: 29 } });
  assert.ok(made.packets <= 16_000, `${made.packets}`);
  assert.equal(selected(made).length, 100);
});

Deno.test("a release is newer than a later prerelease, and versions compare by number", async () => {
  const versions = ["1.9.0", "1.10.0", "2.0.0-rc.1"].map((version, i) => (
    { publisher: "k", name: "a", version, infoHashHex: `${i}`.repeat(40) }
  ));
  const rest = [...versionsOf(1, 1_000)];
  const made = await plan(1, 1_000, { versions: [...versions, ...rest] });
  assert.deepEqual(selected(made), ["a@1.10.0", "p0@1.999.0"]);
});

Deno.test("packages of one name by two publishers each have a newest version", async () => {
  const other = [...versionsOf(1, 1)].map((one) => ({
    ...one,
    publisher: "other",
    infoHashHex: "ff".repeat(20),
  }));
  const made = await plan(1, 1_000, { versions: [...versionsOf(1, 1_000), ...other] });
  assert.deepEqual(selected(made), ["p0@1.999.0", "p0@1.0.0"]);
});

Deno.test("wanted and new versions follow in turn, the latest first", async () => {
  const asked = new Map([["1.3.0", 7], ["1.5.0", 9]]);
  const made = await plan(1, 1_000, {
    askedMs: ({ version }) => asked.get(version),
    publishedMs: ({ version }) => version === "1.8.0" ? 3 : undefined,
  });
  assert.deepEqual(selected(made), ["p0@1.999.0", "p0@1.5.0", "p0@1.8.0", "p0@1.3.0"]);
});

Deno.test("the budget bounds wanted and new versions, and a part of it is left for the turns", async () => {
  const made = await plan(10, 1_000, { askedMs: () => 1 });
  assert.equal(made.kind, "selection");
  assert.ok(selected(made).length > 300);
  assert.ok(made.kind === "selection" && made.turnPackets >= 1_000);
  assert.ok(made.kind === "selection" && made.packets + made.turnPackets <= 20_000);
});

Deno.test("strangers who want all versions do not push the new ones out, nor the reverse", async () => {
  const isFresh = ({ version }: PlannedVersion) => /^1\.\d\.0$/.test(version);
  const made = await plan(1, 1_000, {
    askedMs: (version) => isFresh(version) ? undefined : 9,
    publishedMs: (version) => isFresh(version) ? 1 : undefined,
  });
  const names = selected(made);
  assert.ok(names.length < 500);
  for (let i = 0; i < 10; i++) assert.ok(names.includes(`p0@1.${i}.0`));
  const reverse = await plan(1, 1_000, {
    askedMs: (version) => isFresh(version) ? 1 : undefined,
    publishedMs: () => 9,
  });
  for (let i = 0; i < 10; i++) assert.ok(selected(reverse).includes(`p0@1.${i}.0`));
});

Deno.test("names come before versions where the budget is short", async () => {
  const made = await plan(10_000, 1);
  assert.deepEqual(selected(made), []);
  // No more than before there was a budget: 80 packets a package.
  assert.ok(made.packets <= 800_000, `${made.packets}`);
  assert.ok(made.kind === "selection" && made.turnPackets === 1_000);
});

Deno.test("a mirror among 85 announces three of a hundred names", async () => {
  const always = { lists: 1, catalogs: 1, publishers: 1, names: 4 };
  const made = await plan(100, 100, {
    always,
    isKeeper: ({ name }) => Number(name.slice(1)) < 4,
    takesTurns: false,
  });
  assert.equal(selected(made).length, 4);
  assert.ok(made.packets <= 600, `${made.packets}`);
  assert.ok(made.kind === "selection" && made.turnPackets === 0);
});

Deno.test("a plan changes back to everything only well below the budget", async () => {
  const fits = await plan(170, 1, { hadEverything: true });
  assert.equal(fits.kind, "everything");
  assert.ok(fits.packets > 18_000 && fits.packets <= 20_000, `${fits.packets}`);
  assert.equal((await plan(170, 1, { hadEverything: false })).kind, "selection");
});

Deno.test("versions are not looked at while everything fits", async () => {
  const refuse = () => assert.fail("looked at");
  await plan(5, 5, { pages: { named: refuse, newest: refuse, wanted: refuse, fresh: refuse } });
});

Deno.test("versions that the user has named are announced whatever the budget", async () => {
  const isNamed = ({ version }: PlannedVersion) => version === "1.3.0";
  assert.deepEqual(selected(await plan(2, 1_000, { isNamed, budget: 0 })), [
    "p0@1.3.0",
    "p1@1.3.0",
  ]);
  const made = selected(await plan(2, 1_000, { isNamed }));
  assert.deepEqual(new Set(made), new Set(["p0@1.3.0", "p1@1.3.0", "p0@1.999.0", "p1@1.999.0"]));
});

Deno.test("between two pages other tasks run, and no more pages are read than the plan needs", async () => {
  let pages = 0;
  function* endless(): Generator<PlannedVersion[]> {
    for (;; pages++) yield [...versionsOf(100, 1)].map((one) => ({ ...one, name: `${pages}` }));
  }
  const none = () => [];
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  try {
    await plan(1_000, 1, {
      always: { lists: 0, catalogs: 0, publishers: 0, names: 0 },
      isKeeper: ({ infoHashHex }) => infoHashHex.endsWith("00"),
      pages: { named: none, newest: endless, wanted: none, fresh: none },
    });
  } finally {
    clearImmediate(timer);
  }
  assert.ok(pages > 300 && pages < 1_000, `${pages}`);
  assert.ok(turns >= pages - 1, `${turns} turns in ${pages} pages`);
});

Deno.test("archives that are neither selected nor in turn are counted as unannounced", async () => {
  const everything = await plan(2, 5);
  assert.equal(countUnannounced(everything, new Set()), 0);
  const selection = await plan(100, 1_000);
  assert.equal(selection.kind, "selection");
  const selected = selection.kind === "selection" ? selection.versions.length : 0;
  assert.equal(countUnannounced(selection, new Set()), 100_000 - selected);
  assert.equal(countUnannounced(selection, new Set(["f".repeat(40)])), 100_000 - selected - 1);
});
