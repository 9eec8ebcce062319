/**
 * Tests `libreseed get --file` by running the program as a child process.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { newPlace, type Place } from "../../support/place.ts";
import { randomBytes } from "../../support/torrents.ts";

const MIB = 1024 * 1024;

/** Publishes a package whose small files lie between a file of 3 MiB and one of 40 MiB. */
async function serving(place: Place) {
  const publisher = await place.home();
  const daemon = await publisher.daemon();
  const source = await place.source("pkg", "1.0.0", "read me\n");
  await Deno.writeFile(join(source, "a.bin"), randomBytes(3 * MIB, 1));
  await Deno.mkdir(join(source, "bin"));
  await Deno.writeTextFile(join(source, "bin", "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  await Deno.writeFile(join(source, "z.bin"), randomBytes(40 * MIB, 2));
  await publisher.must(["publish", "-q", source]);
  return { publisher, daemon };
}

Deno.test("get --file fetches the members that hold one file, and little else", async () => {
  await using place = await newPlace();
  const { publisher, daemon: serves } = await serving(place);
  await using daemon = serves;
  const cwd = join(place.path, "cwd");
  await Deno.mkdir(cwd);
  const alone = await place.home(null);
  const borrower = await place.home(null);
  await using reads = await borrower.daemon();
  for (const home of [alone, borrower]) {
    const { code, stdout, stderr } = await home.run(
      ["get", "--json", "--file", "bin/run.sh", "pkg"],
      { cwd },
    );
    assert.equal(code, 0, stderr);
    const { fetchedBytes, ...rest } = JSON.parse(stdout);
    const path = join(cwd, "run.sh");
    assert.deepEqual(rest, {
      name: "pkg",
      version: "1.0.0",
      publisher: publisher.publicKey,
      file: "bin/run.sh",
      sizeBytes: 10,
      path,
    });
    assert.equal(await Deno.readTextFile(path), "#!/bin/sh\n");
    assert.equal((await Deno.stat(path)).mode! & 0o111, 0o111);
    // The list, the manifest, and a member, which has at most 512 KiB of tar, in pieces of 16 KiB.
    assert.ok(fetchedBytes > 10 && fetchedBytes < 0.6 * MIB, `${fetchedBytes} bytes`);
    assert.deepEqual(home.files(), []);
    // An existing file is left alone, before anything is looked up.
    const again = await home.run(["get", "--file", "bin/run.sh", "pkg"], { cwd });
    assert.deepEqual([again.code, again.stdout], [2, ""]);
    assert.match(again.stderr, /run\.sh exists already/);
    await Deno.remove(path);
    const text = await home.must(["get", "-q", "--file", "read me.txt", "-o", "-", "pkg@^1"]);
    assert.equal(text, "read me\n");
    const nowhere = await home.run(["get", "--file", "read me.txt", "-o", "x/y", "pkg"], { cwd });
    assert.deepEqual([nowhere.code, nowhere.stdout], [1, ""]);
    assert.match(nowhere.stderr, /x\/y cannot be written: there is no directory \S+\/x\. Make it/);
    await Deno.mkdir(join(cwd, "x"));
    await home.must(["get", "-q", "--file", "read me.txt", "-o", "x/y", "pkg"], { cwd });
    assert.equal(await Deno.readTextFile(join(cwd, "x", "y")), "read me\n");
    await Deno.remove(join(cwd, "x"), { recursive: true });
    assert.deepEqual([...Deno.readDirSync(cwd)], []);
  }
  // The name is pinned, as by a download of the whole.
  assert.match(await alone.must(["trust", "list"]), /pkg/);
  await reads.end();
  await daemon.end();
});

Deno.test("get --file refuses what it cannot fetch, and leaves nothing", async () => {
  await using place = await newPlace();
  const { daemon: serves } = await serving(place);
  await using daemon = serves;
  const home = await place.home(null);
  const cwd = join(place.path, "cwd");
  await Deno.mkdir(cwd);
  const cases: [args: string[], code: number, message: RegExp][] = [
    [["--file", "nothing.txt", "pkg"], 3, /pkg@1\.0\.0 has no file "nothing\.txt"/],
    [["--file", "bin/", "pkg"], 2, /--file bin\/ names no file/],
    [["--file", "a/..", "pkg"], 2, /names no file/],
    [["--file", "a.bin", "-o", ".", "pkg"], 2, /-o \. names no file/],
    [
      ["--file", "a.bin", `magnet:?xt=urn:btih:${"0".repeat(40)}`],
      2,
      /needs the name of a package/,
    ],
  ];
  for (const [args, code, message] of cases) {
    const result = await home.run(["get", ...args], { cwd });
    assert.deepEqual([args, result.code, result.stdout], [args, code, ""], result.stderr);
    assert.match(result.stderr, message);
  }
  assert.deepEqual([...Deno.readDirSync(cwd)], []);
  assert.deepEqual(home.files(), []);
  await daemon.end();
});

Deno.test("get --file of an archive in the seed directory downloads nothing", async () => {
  await using place = await newPlace();
  const { daemon: serves } = await serving(place);
  await using daemon = serves;
  const home = await place.home(null);
  await home.must(["get", "pkg"]);
  const json = await home.must(["get", "--json", "--file", "z.bin", "pkg"], { cwd: home.path });
  assert.equal(JSON.parse(json).fetchedBytes, 0);
  assert.deepEqual(await Deno.readFile(join(home.path, "z.bin")), randomBytes(40 * MIB, 2));
  await daemon.end();
});
