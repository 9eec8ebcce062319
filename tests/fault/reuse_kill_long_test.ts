/**
 * Tests SIGKILL while an update is fetched: after the beginning with the list has come, while members are
 * copied from the older version, and while the rest is fetched. Nothing is half-written afterwards, and the
 * next `get` succeeds.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { noise } from "../support/listed_archives.ts";
import { eventually, newPlace, type Place } from "../support/place.ts";

const FILES = 80;
const FILE_BYTES = 200_000;

async function source(place: Place, version: string, numbers: readonly number[]) {
  const path = await place.source("pkg", version);
  for (const [n, number] of numbers.entries()) {
    await Deno.writeFile(join(path, `${n}.bin`), noise(number, FILE_BYTES));
  }
  return path;
}

const old = Array.from({ length: FILES }, (_, n) => n);
const recent = old.map((n) => n % 4 === 1 ? n + 1_000 : n);

/** The states of the partial file at which the command is killed, by its length and the archive's. */
const stages: Record<string, (sizeBytes: number, lengthBytes: number) => boolean> = {
  "when the beginning is there": (sizeBytes) => sizeBytes > 0,
  "while members are copied": (sizeBytes, lengthBytes) => sizeBytes > lengthBytes / 3,
  "when the last member is copied": (sizeBytes, lengthBytes) => sizeBytes === lengthBytes,
};

Deno.test("a get that is killed while it copies and fetches leaves nothing half-written", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  // The changed files take a while to fetch, so that there is time for each kill.
  await using daemon = await publisher.daemon(["--upload-limit", "2MiB"]);
  await publisher.must(["publish", "-q", await source(place, "1.0.0", old)]);
  await publisher.must(["publish", "-q", await source(place, "1.1.0", recent)]);
  const wanted = `${publisher.publicKey}/pkg`;
  const whole = await Deno.readFile(join(publisher.seed, "pkg-1.1.0.tgz"));
  const before = await Deno.readFile(join(publisher.seed, "pkg-1.0.0.tgz"));
  const reader = await place.home(null);
  await reader.must(["get", "-q", `${wanted}@1.0.0`]);
  for (const [stage, isReached] of Object.entries(stages)) {
    const partial = () => {
      const found = Deno.readDirSync(reader.seed).find(({ name }) => /^\.partial-/.test(name));
      return found && join(reader.seed, found.name);
    };
    const sizeBytes = () => Deno.statSync(partial() ?? "/dev/null").size;
    // The last `get`, after the loop, goes on with what the last kill has left.
    const left = partial();
    if (left) await Deno.remove(left);
    await using get = reader.spawn(["get", "-q", `${wanted}@1.1.0`]);
    let hasEnded = false;
    void get.status.then(() => hasEnded = true);
    await eventually(() => hasEnded || isReached(sizeBytes(), whole.length));
    assert.ok(!hasEnded, `get ended before it was killed ${stage}`);
    get.kill("SIGKILL");
    await get.status;
    assert.ok(!reader.files().includes("pkg-1.1.0.tgz"), stage);
    assert.deepEqual(await Deno.readFile(join(reader.seed, "pkg-1.0.0.tgz")), before, stage);
  }
  const { stdout } = await reader.run(["get", "--json", `${wanted}@1.1.0`]);
  const { fetchedBytes } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  // Most is copied, or was there: a quarter of the files has changed.
  assert.ok(fetchedBytes < whole.length / 2, stdout);
  assert.deepEqual(await Deno.readFile(join(reader.seed, "pkg-1.1.0.tgz")), whole);
  assert.deepEqual(await Deno.readFile(join(reader.seed, "pkg-1.0.0.tgz")), before);
  await reader.must(["verify", join(reader.seed, "pkg-1.1.0.tgz")]);
  await daemon.end();
});
