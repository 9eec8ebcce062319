/** Tests `libreseed announce` by running the program as a child process. */

import assert from "node:assert/strict";
import { newPlace, together } from "../../support/place.ts";

Deno.test("announce puts records on nodes that lack them, prints one line each, and needs no private key", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must([
    "publish",
    "-q",
    await place.source("a", "1.0.0"),
    await place.source("b", "1.0.0"),
  ]);
  await Deno.remove(`${home.path}/keys`, { recursive: true });
  const holders = home.holders("a", "1.0.0");
  for (const node of holders) node.forget(home.target("a", "1.0.0"));

  const { code, stdout, stderr } = await home.run(["announce"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n");
  for (const line of lines) assert.match(line, /^[^\t]+\tstored on 8 nodes \(\d+ new\)$/);
  const labels = lines.map((line) => line.split("\t")[0]);
  for (const label of ["a@1.0.0", "b@1.0.0", "announce record"]) {
    assert.equal(labels.filter((found) => found === label).length, 1, stdout);
  }
  // If a node answers late, the next closest node gets the record instead, and counts as new.
  const news = (label: string) =>
    Number(new RegExp(`^${label}\t.*\\((\\d) new\\)`, "m").exec(stdout)![1]);
  assert(news("a@1.0.0") > news("b@1.0.0"), stdout);
  assert.equal(home.holders("a", "1.0.0").length, 8);
});

Deno.test("announce takes names with or without versions, and reports unknown ones", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const sources = [["a", "1.0.0"], ["a", "2.0.0"], ["b", "1.0.0"]] as const;
  const paths = await together(sources.map(([name, version]) => place.source(name, version)));
  await home.must(["publish", "-q", ...paths]);
  const versions = (stdout: string) => {
    return stdout.split("\n").map((line) => line.split("\t")[0]!).filter((label) =>
      label.includes("@")
    )
      .sort();
  };
  assert.deepEqual(versions(await home.must(["announce", "a"])), ["a@1.0.0", "a@2.0.0"]);
  assert.deepEqual(versions(await home.must(["announce", "a@2.0.0", "b"])), ["a@2.0.0", "b@1.0.0"]);

  const some = await home.run(["announce", "a@1.0.0", "c", "a@3.0.0"]);
  assert.equal(some.code, 7);
  assert.deepEqual(versions(some.stdout), ["a@1.0.0"]);
  assert(some.stderr.includes("records of c") && some.stderr.includes("a@3.0.0"), some.stderr);
  const none = await home.run(["announce", "c"]);
  assert.deepEqual([none.code, none.stdout], [3, ""]);
  assert(none.stderr.includes("libreseed list"), none.stderr);
  // The index of the name and the list are announced, but nothing of what was asked for.
  const version = await home.run(["announce", "a@3.0.0", "c"]);
  assert.equal(version.code, 3, version.stderr);
  assert.deepEqual(versions(version.stdout), []);
  const bad = await home.run(["announce", "No Name"]);
  assert.deepEqual([bad.code, bad.stdout], [2, ""]);
  // Records are not chosen by their publisher, and neither by a range.
  for (const wrong of [`${home.publicKey}/a@1.0.0`, "a@^1", "a@latest"]) {
    const { code, stdout, stderr } = await home.run(["announce", wrong]);
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, /: write a@(?:1\.0\.0|VERSION)/);
  }
  // Nobody could connect to an archive that no daemon serves.
  const { stderr } = await home.run(["announce", "a@1.0.0"]);
  assert.match(stderr, /no daemon runs, so archives were not announced/);
});

Deno.test("announce --json prints one object per record with its outcome", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", "-q", await place.source("a", "1.0.0")]);
  const stdout = await home.must(["announce", "--json", "a@1.0.0"]);
  const { outcome, ...rest } = JSON.parse(
    stdout.split("\n").find((line) => line.includes('"manifest"'))!,
  );
  assert.deepEqual(rest, {
    ...{ kind: "manifest", name: "a", version: "1.0.0" },
    ...{ target: home.target("a", "1.0.0"), label: "a@1.0.0", ok: true },
  });
  assert.deepEqual([outcome.holding, outcome.stored, outcome.weak], [8, 0, false]);
  assert(outcome.responded >= 8 && outcome.asked >= outcome.responded);
});

Deno.test("announce without records succeeds, and without a reachable node fails", async () => {
  await using place = await newPlace({ nodes: 1 });
  const empty = await (await place.home(null)).run(["announce"]);
  assert.deepEqual([empty.code, empty.stdout], [0, ""]);
  assert.match(empty.stderr, /keeps no records/);

  const home = await place.home();
  const none = { env: { LIBRESEED_BOOTSTRAP: "none" } };
  assert.equal((await home.run(["publish", await place.source("a", "1.0.0")], none)).code, 5);
  const gone = await home.run(["announce"], none);
  assert.equal(gone.code, 5, gone.stderr);
  // The error is a single line about all three records (manifest, list, name index), because cron
  // sends every line of output by mail.
  assert.match(
    gone.stderr,
    /^libreseed: 3 records were not announced: no DHT node answered; .*\n$/,
  );
  const each = await home.run(["announce", "-v"], none);
  assert.deepEqual([each.code, each.stdout], [5, ""]);
  assert.match(each.stderr, /^libreseed: a@1\.0\.0: failed: no DHT node answered$/m);
  const json = await home.run(["announce", "--json", "-q"], none);
  const results = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(results.map(({ ok }) => ok), [false, false, false]);
  assert.equal(JSON.parse(json.stderr.split("\n")[0]!).error.code, "DHT_UNREACHABLE");
  const off = await home.run(["announce", "a"], { env: { LIBRESEED_DHT: "false" } });
  assert.equal(off.code, 5, off.stderr);
  assert.equal(off.stdout, "");
  assert.match(off.stderr, /^libreseed: 3 records were not announced: .*DHT is off/m);
});

Deno.test("announce takes over a newer record of another home and reports it", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const elsewhere = await place.home(home.keys);
  const source = await place.source("a", "1.0.0");
  await home.must(["publish", "-q", source]);
  await elsewhere.must(["publish", "-q", source]);
  await elsewhere.must(["manifest", "put", `${elsewhere.seed}/a-1.0.0.minimal.json`]);
  assert.match(
    await home.must(["announce", "a@1.0.0"]),
    /^a@1\.0\.0\tsuperseded by a newer record, which is kept now$/m,
  );
  assert.match(
    await home.must(["announce", "a@1.0.0"]),
    /^a@1\.0\.0\tstored on 8 nodes \(0 new\)$/m,
  );
});
