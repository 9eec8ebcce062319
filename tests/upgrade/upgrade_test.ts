/**
 * Tests the way from libreseed before its formats changed to the present one, and back: the programs
 * of both, in one home and in one testnet.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  homePaths,
  programFiles,
  STATE_SCHEMA_VERSION,
  stateCopyOf,
  version,
} from "../../src/base/mod.ts";
import { Staging } from "../../src/package/mod.ts";
import { replaceProgram } from "../../src/store/mod.ts";
import { eventually, type Home, newPlace, type Place } from "../support/place.ts";
import { beforeFormats, beside } from "./programs.ts";

const { programs, upgradeTest } = await beside(beforeFormats);
const OLD_VERSION = beforeFormats.version;
const oldOnes = () => ({ program: [programs.old] });
const presentOnes = () => ({ program: [programs.present] });

/** Returns the schema version of a home's state. */
function schemaOf(home: Home): number {
  using raw = new DatabaseSync(homePaths(home.path).state, { readOnly: true });
  return Number(raw.prepare("PRAGMA user_version").get()!.user_version);
}

/** Makes a home with the old program: a key, a pin, and a followed publisher. */
async function oldHome(place: Place, stranger: string): Promise<Home> {
  const home = await place.home(null);
  await home.must(["keygen"], oldOnes());
  await home.must(["trust", "add", "pinned", stranger], oldOnes());
  return home;
}

/** Installs the old program in a directory, and upgrades it as `upgrade --self` does. */
async function upgraded(place: Place, stateSchema: number): Promise<string> {
  const directory = await Deno.makeTempDir({ dir: place.path, prefix: "bin-" });
  const program = join(directory, "libreseed");
  await Deno.copyFile(programs.old, program);
  const staging = await Staging.create(join(directory, `.tmp-held-${"0".repeat(16)}`));
  try {
    const bytes = (await Deno.open(programs.present)).readable;
    const old = { version: OLD_VERSION, stateSchema };
    await replaceProgram(programFiles(program), bytes, old, () => staging.next());
  } finally {
    await staging[Symbol.asyncDispose]();
  }
  return program;
}

upgradeTest(
  "a home is upgraded under its running daemon, and rolled back with its state",
  async () => {
    await using place = await newPlace();
    const stranger = (await place.home()).publicKey;
    const home = await oldHome(place, stranger);
    const daemon = await home.daemon([], oldOnes());
    let program: string;
    let oldSchema: number;
    try {
      await home.must(["publish", "-q", await place.source("one", "1.0.0")], oldOnes());
      oldSchema = schemaOf(home);
      assert(oldSchema < STATE_SCHEMA_VERSION);
      program = await upgraded(place, oldSchema);
      const options = { program: [program] };

      // The new program and the old daemon.
      const status = JSON.parse(await home.must(["status", "--json"], options));
      assert.equal(status.version, OLD_VERSION);
      const told = new RegExp(`${OLD_VERSION}; this program is ${version}: .libreseed stop.`);
      assert.match(await home.must(["status"], options), told);
      assert.match(await home.must(["announce"], options), /one@1\.0\.0\tstored on/);
      await home.must(["publish", "-q", await place.source("two", "1.0.0")], options);
      assert.match(await home.must(["list"], options), /one@1\.0\.0[^]*two@1\.0\.0/);
      assert.equal(schemaOf(home), STATE_SCHEMA_VERSION);
      // The old program and the old daemon, whose state is newer by now.
      await home.must(["status"], oldOnes());
      const refused = await home.run(["trust", "list"], oldOnes());
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, new RegExp(`schema version ${STATE_SCHEMA_VERSION}`));
      await home.must(["stop"], options);
      assert.equal((await daemon.process.result).code, 0, daemon.process.stderr);
    } finally {
      await daemon[Symbol.asyncDispose]();
    }
    const options = { program: [program] };
    {
      await using present = await home.daemon([], options);
      await eventually(async () =>
        JSON.parse(await home.must(["status", "--json"], options)).packages === 2
      );
      // The old program and the new daemon.
      assert.equal(JSON.parse(await home.must(["status", "--json"], oldOnes())).version, version);
      assert.match(await home.must(["announce"], oldOnes()), /two@1\.0\.0\tstored on/);
      await home.must(["stop"], oldOnes());
      assert.equal((await present.process.result).code, 0, present.process.stderr);
    }
    assert.match(await home.must(["trust", "list"], options), /^pinned\t/m);

    assert.equal(
      await home.must(["upgrade", "--rollback"], options),
      `libreseed ${version} → ${OLD_VERSION}\n`,
    );
    assert.equal(await home.must(["version"], options), `libreseed ${OLD_VERSION}\n`);
    assert.equal(schemaOf(home), oldSchema);
    assert.match(await home.must(["trust", "list"], options), /^pinned\t/m);
    {
      await using again = await home.daemon([], options);
      // The archive that was published meanwhile is seeded, too.
      await eventually(async () =>
        JSON.parse(await home.must(["status", "--json"], options)).packages === 2
      );
      await again.end();
    }
    // And forth again: the copy is made anew.
    await home.must(["trust", "list"], presentOnes());
    assert.equal(schemaOf(home), STATE_SCHEMA_VERSION);
    using copy = new DatabaseSync(stateCopyOf(homePaths(home.path).state), { readOnly: true });
    assert.equal(copy.prepare("PRAGMA user_version").get()!.user_version, oldSchema);
  },
);

upgradeTest(
  "an operation that only the newer of program and daemon knows names both versions",
  async () => {
    await using place = await newPlace();
    const [publisher, reader] = [await place.home(), await place.home(null)];
    await using seeding = await publisher.daemon([], presentOnes());
    await publisher.must(["publish", "-q", await place.source("one", "1.0.0")], presentOnes());
    await using reading = await reader.daemon([], oldOnes());
    const what = `${publisher.publicKey}/one`;
    const { code, stderr } = await reader.run(["get", what, "--file", "read me.txt", "-o", "-"], {
      ...presentOnes(),
    });
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      new RegExp(`is libreseed ${OLD_VERSION}, this program is libreseed ${version}`),
    );
    assert.match(stderr, /`libreseed stop`, then `libreseed seed`/);
    await reading.end();
    await seeding.end();
  },
);

upgradeTest(
  "old and present programs in one testnet: each reads what it knows, and none ends",
  async () => {
    await using place = await newPlace();
    const stranger = (await place.home()).publicKey;
    const [old, present] = [await oldHome(place, stranger), await place.home(null)];
    await present.must(["keygen", "--root-out", join(place.path, "root.key")], presentOnes());
    await using oldDaemon = await old.daemon([], oldOnes());
    await using presentDaemon = await present.daemon([], presentOnes());
    await old.must(["publish", "-q", await place.source("first", "1.0.0")], oldOnes());
    await present.must(["publish", "-q", await place.source("second", "1.0.0")], presentOnes());
    const { identity, signingKey } = JSON.parse(
      await present.must(["key", "show", "--json"], presentOnes()),
    );

    // The present program reads what the old one has published, by its name.
    const reader = await place.home(null);
    const got = join(place.path, "got");
    await reader.must(["get", "first", "-o", got], presentOnes());
    assert.equal(await Deno.readTextFile(join(got, "read me.txt")), "hello\n");

    // The old program does not find an identity, which has no records of its own, and takes what a
    // signing key has signed in a format that it does not know for invalid.
    const archive = join(present.seed, "second-1.0.0.tgz");
    const cases: [string[], number, RegExp][] = [
      [["resolve", `${identity}/second`], 3, /has no record/],
      [["get", `${identity}/second`], 3, /has no record/],
      [["resolve", "second"], 3, /No publisher of second was found/],
      [["resolve", `${signingKey}/second`], 4, /manifest of second@1\.0\.0 .*is not signed/],
      [["get", `${signingKey}/second`], 4, /manifest of second@1\.0\.0 .*is not signed/],
      [["verify", archive], 4, /protocol has to be "libreseed\/1"/],
      [["add", archive], 4, /protocol has to be "libreseed\/1"/],
    ];
    for (const [args, code, pattern] of cases) {
      const result = await old.run(args, oldOnes());
      assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
      assert.match(result.stdout + result.stderr, pattern);
    }
    // An old mirror leaves such a package out, and one in its seed directory is a problem of its own.
    await old.must(["follow", signingKey], oldOnes());
    for (const suffix of [".tgz", ".minimal.json", ".torrent"]) {
      await Deno.copyFile(
        archive.replace(/\.tgz$/, suffix),
        join(old.seed, `second-1.0.0${suffix}`),
      );
    }
    await eventually(async () =>
      /second-1\.0\.0\.tgz.*libreseed\/1/.test((await old.run(["list"], oldOnes())).stdout)
    );
    const { packages } = JSON.parse(await old.must(["status", "--json"], oldOnes()));
    assert.equal(packages, 1);
    await oldDaemon.end();
    await presentDaemon.end();
  },
);
