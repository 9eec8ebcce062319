/** Tests that commands give the same results and exit codes with and without a daemon. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { generateKeyPair, type KeyPair } from "../../../src/identity/mod.ts";
import { eventually, newPlace, together } from "../../support/place.ts";

/** A command line, in which `~` stands for the test's directory. */
type Line = readonly string[];

/**
 * The result of a command, without the parts that differ in each run, such as times and signatures.
 */
interface Outcome {
  line: Line;
  code: number;
  stdout: string;
}

const lines = (farKey: string): readonly Line[] => [
  ["publish", "-q", "~/mine", "~/other"],
  ["publish", "~/altered", "~/mine-1.1.0.tgz"],
  ["publish", "--json", "nowhere"],
  ["list", "--json"],
  ["announce"],
  ["announce", "--json", "mine@1.1.0"],
  ["announce", "unknown"],
  ["resolve", "mine@^1.0.0", "--json"],
  ["resolve", "mine@7.0.0"],
  ["manifest", "put", "~/mine-1.1.0.minimal.json"],
  ["manifest", "get", "mine@1.1.0"],
  ["get", `${farKey}/far`],
  ["get", "mine@1.0.0", "-o", "~/unpacked"],
  ["get", "mine@1.0.0", "-o", "~/mine"],
  ["add", "~/strange-1.0.0.tgz"],
  ["add", "~/mine/package.json"],
  ["remove", "other@1.0.0"],
  ["remove", "other@1.0.0"],
  ["list"],
];

/** Runs all command lines on a testnet with separate homes. */
async function outcomes(keys: KeyPair, far: KeyPair, withDaemon: boolean): Promise<Outcome[]> {
  await using place = await newPlace();
  const [home, seeder, stranger] = [
    await place.home(keys),
    await place.home(far),
    await place.home(far),
  ];
  const fixed = { SOURCE_DATE_EPOCH: "1700000000" };
  for (
    const [path, name, version, contents] of [
      ["mine", "mine", "1.0.0", "1"],
      ["mine-1.1.0", "mine", "1.1.0", "2"],
      ["altered", "mine", "1.0.0", "3"],
      ["other", "other", "1.0.0", "4"],
      ["strange", "strange", "1.0.0", "5"],
    ] as const
  ) {
    await Deno.rename(await place.source(name, version, contents), join(place.path, path));
  }
  await home.must(["pack", "-q", "mine-1.1.0"], { env: fixed });
  await stranger.must(["pack", "-q", "strange"], { env: fixed });
  await seeder.must(["publish", "-q", await place.source("far", "1.0.0")]);
  await using _serving = await seeder.daemon();
  await using _daemon = withDaemon ? await home.daemon() : undefined;
  await eventually(async () => /seeding/.test(await seeder.must(["list"])));

  const found: Outcome[] = [];
  for (const line of lines(seeder.publicKey)) {
    const args = line.map((arg) => arg.replace(/^~/, place.path));
    const { code, stdout } = await home.run(args, { env: fixed });
    const steady = stdout.replaceAll(place.path, "~")
      .replace(/"(timestamp|seq|signature)":("[^"]*"|\d+)/g, '"$1":0')
      .replace(/\bseq \d+/g, "seq 0")
      // Numbers of queried and storing nodes depend on the network, so the comparison ignores these
      // numbers.
      .replace(/"(asked|responded|stored|nextDueMs|atMs)":\d+/g, '"$1":0')
      .replace(/\(\d+ new\)/g, "(0 new)").replace(/ of \d+ nodes/g, " of 0 nodes")
      // The seeding state is the only intended difference between the runs.
      .replace(/"seeding":(true|false)/g, '"seeding":0').replace(/ (idle|seeding) +/g, " state ")
      .replace(/,"(peers|uploadedBytes)":\d+/g, "").replace(/,"findable":true/g, "");
    // Records are announced concurrently, so the lines are sorted before they are compared. A daemon
    // announces the archive of a named version, too.
    const sorted = line[0] === "announce"
      ? steady.split("\n").filter((one) => !one.includes('"kind":"torrent"')).sort().join("\n")
      : steady;
    found.push({ line, code, stdout: sorted });
  }
  return found;
}

Deno.test("every command prints and returns the same with and without a daemon", async () => {
  const [keys, far] = [generateKeyPair(), generateKeyPair()];
  const [without, borrowed] = await together([
    outcomes(keys, far, false),
    outcomes(keys, far, true),
  ]);
  assert.deepEqual(borrowed, without);
  // Other tests check the results themselves. This assertion only ensures that most of the compared
  // commands succeeded.
  const codes = without!.map(({ line, code }) => `${code} ${line.join(" ")}`);
  assert.equal(codes.filter((text) => text.startsWith("0 ")).length, 12, codes.join("\n"));
  assert.deepEqual(new Set(without!.map(({ code }) => code)), new Set([0, 7, 3, 2]));
});
