/** Tests what `libreseed doctor` prints of a healthy home, and of one that is special. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { dirname, join } from "node:path";
import { localRequests } from "../../../src/launcher/mod.ts";
import { systemClock } from "../../../src/base/mod.ts";
import { loadSettings } from "../../../src/config/mod.ts";
import { checkArchives } from "../../../src/doctor/archives.ts";
import type { Check } from "../../../src/doctor/check.ts";
import { examine } from "../../../src/doctor/doctor.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import {
  canMount,
  fillDisk,
  freePort,
  runCli,
  smallDisk,
  temporaryHome,
} from "../../support/mod.ts";
import { names, packInto, patient, verdicts } from "./patient.ts";

async function files(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    found.push(name);
    if (isDirectory) found.push(...(await files(join(dir, name))).map((one) => join(name, one)));
  }
  return found.sort();
}

Deno.test("a healthy home passes every check, exits with 0, and no file is left behind", async () => {
  await using there = await patient();
  const before = await files(there.path);
  const { code, checks } = await there.doctor();
  assert.deepEqual(verdicts(checks), {});
  assert.equal(code, 0);
  assert.deepEqual([...checks.keys()], names);
  for (const [, { about, what, mend }] of checks) {
    assert(["machine", "network"].includes(about));
    assert(what.length > 0);
    assert.equal(mend, undefined);
  }
  assert.match(checks.get("dht")!.what, /^1 of 1 /);
  assert.deepEqual(await files(there.path), before);
});

Deno.test("doctor lists each grant of its thread with a reason, and none opens the keys", async () => {
  await using it = await patient();
  const { checks } = await it.doctor();
  const { verdict, what, grants = [] } = checks.get("permissions")!;
  assert.equal(verdict, "ok", what);
  for (const grant of grants) {
    assert.deepEqual(Object.keys(grant).sort(), ["permission", "what", "why"]);
    assert(["read", "write", "net", "sys"].includes(grant.permission), grant.permission);
    assert(grant.why.length > 0, `${grant.permission} ${grant.what} has no reason`);
  }
  const state = join(it.path, "state.db");
  for (const permission of ["read", "write"]) {
    assert(grants.some((one) => one.permission === permission && one.what === state));
  }
  assert.equal(grants.find(({ what }) => what === state)!.why, "the state database");
  const key = join(it.path, "keys", "publisher.key");
  assert.deepEqual(
    grants.filter(({ what }) => what === "/" || `${key}/`.startsWith(`${what}/`)),
    [],
  );
  for (const [name, check] of checks) assert.equal("grants" in check, name === "permissions", name);
});

Deno.test("without --json doctor prints one line per check, beginning with the verdict", async () => {
  await using there = await patient();
  await Deno.chmod(there.path, 0o755);
  const { code, stdout } = await runCli(["doctor"], { home: there.path, env: there.env });
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, names.length);
  for (const [index, name] of names.entries()) {
    assert.match(lines[index]!, new RegExp(`^(ok  |warn|fail)  ${name.padEnd(14)}  \\S`));
  }
  assert(lines[1]!.startsWith("warn"));
  assert(lines[1]!.endsWith(`: run: chmod 700 ${there.path}`), lines[1]);
});

Deno.test("doctor names the identity, and a certificate that is not of the key beside it", async () => {
  await using home = await temporaryHome();
  const env = { LIBRESEED_PORT: "0", LIBRESEED_DHT: "false" };
  const { stdout } = await runCli(["keygen", "--root-in-home"], { home });
  const moved = join(home.path, "..", `${crypto.randomUUID()}.key`);
  await runCli(["key", "root", "move", moved], { home });
  await Deno.remove(moved);
  const healthy = await runCli(["doctor"], { home, env });
  assert(healthy.stdout.includes(`publisher ${stdout.trim()}\n`), healthy.stdout);
  await using other = await temporaryHome();
  await runCli(["keygen", "--root-in-home"], { home: other });
  const [from, to] = [other, home].map(({ path }) => join(path, "keys", "publisher.cert"));
  await Deno.copyFile(from!, to!);
  const sick = await runCli(["doctor"], { home, env });
  assert.equal(sick.code, 1);
  assert.match(sick.stdout, /^fail +key +The certificate .* is for another key/m);
});

Deno.test("a key that is encrypted is no illness, and no passphrase is asked for", async () => {
  await using there = await patient();
  const encrypted = generateKeyPairSync("ed25519").privateKey
    .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" });
  const path = join(there.path, "keys", "publisher.key");
  await Deno.writeTextFile(path, encrypted as string);
  const { stdout } = await runCli(["doctor"], { home: there.path, env: there.env });
  assert.match(stdout, new RegExp(`^ok +key +${path} is encrypted$`, "m"));
});

Deno.test("doctor accepts a missing home and does not create it", async () => {
  await using there = await patient();
  const home = join(there.path, "new", "home");
  const { code, checks } = await there.doctor("--home", home);
  assert.equal(code, 0);
  assert.deepEqual(verdicts(checks), {});
  await assert.rejects(Deno.stat(dirname(home)), Deno.errors.NotFound);
});

/** Runs the doctor in the test's process, with a given clock and known permissions. */
async function examineHere(
  home: string,
  nowMs = Date.now(),
  uid?: number,
): Promise<Map<string, Check>> {
  const { values } = await loadSettings({
    flags: { home, port: String(await freePort()), dht: false },
    env: {},
    cwd: home,
    userHome: home,
    readFile: () => Promise.resolve(undefined),
  });
  const found = new Map<string, Check>();
  const clock = { ...systemClock, now: () => nowMs };
  for await (const check of examine({ settings: values, clock, launcher: localRequests(), uid })) {
    found.set(check.name, check);
  }
  return found;
}

Deno.test("a clock that is years off fails even without records to compare it with", async () => {
  await using home = await temporaryHome();
  for (const time of [0, Date.UTC(2024), Date.UTC(2100)]) {
    const clock = (await examineHere(home.path, time)).get("clock")!;
    assert.equal(clock.verdict, "fail");
    assert(clock.what.includes(new Date(time).toISOString()));
  }
  assert.equal((await examineHere(home.path)).get("clock")!.verdict, "ok");
});

Deno.test({
  name: "little disk space is a warning, none is a failure (needs mount)",
  ignore: !canMount,
  async fn() {
    for (const [mebibytes, verdict] of [[64, "warn"], [4, "fail"]] as const) {
      await using disk = await smallDisk(mebibytes << 20);
      await Deno.chmod(disk.path, 0o700);
      const check = (await examineHere(disk.path)).get("disk")!;
      assert.equal(check.verdict, verdict);
      assert(check.what.startsWith(`${mebibytes} MiB free`), check.what);
    }
  },
});

Deno.test({
  name: "a home on a read-only disk is a failure (needs mount)",
  ignore: !canMount,
  async fn() {
    await using disk = await smallDisk(1 << 20);
    await disk.makeReadOnly();
    const home = (await examineHere(disk.path)).get("home")!;
    assert.equal(home.verdict, "fail");
    assert.match(home.what, /cannot be written: Read-only file system \(os error \d+\)$/);
    assert.match(home.mend!, /^make its file system writable; or .*--home$/);
  },
});

Deno.test({
  name: "a home on a full disk is a failure whose remedy is space (needs mount)",
  ignore: !canMount,
  async fn() {
    await using disk = await smallDisk(1 << 20);
    StateDatabase.open(join(disk.path, "state.db"), systemClock).close();
    await Deno.mkdir(join(disk.path, "seed"));
    await fillDisk(join(disk.path, "filling"));
    const checks = await examineHere(disk.path);
    for (const name of ["home", "seed directory", "state.db"]) {
      const { verdict, what, mend } = checks.get(name)!;
      assert.equal(verdict, "fail", `${name}: ${what}`);
      assert.match(mend!, /^free some space/);
    }
  },
});

Deno.test({
  name: "a key that belongs to another user is a failure",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using there = await patient();
    const own = Deno.uid()!;
    const key = join(there.path, "keys", "publisher.key");
    // Only root can change the owner of a file. For other users the test only passes a false user
    // id to the doctor.
    if (own === 0) await Deno.chown(key, 12_345, null);
    const check = (await examineHere(there.path, undefined, 54_321)).get("key")!;
    assert.equal(check.verdict, "fail");
    assert.match(
      check.what,
      new RegExp(`belongs to user ${own === 0 ? 12_345 : own}, not to 54321`),
    );
    assert.match(check.mend!, /chown/);
    if (own !== 0) return;
    const byRoot = (await there.doctor()).checks.get("key")!;
    assert.equal(byRoot.verdict, "fail");
    assert.match(byRoot.what, /belongs to user 12345, .* user 0\. Run the command as that user/);
    assert.equal(byRoot.mend, undefined);
  },
});

Deno.test("doctor reads a sample of many archives and says so", async () => {
  await using there = await patient();
  const archive = await packInto(there.path);
  const { size } = await Deno.stat(archive);
  const dir = dirname(archive);
  const [all] = await checkArchives(dir, { maxBytes: size });
  assert.deepEqual([all!.verdict, all!.what], ["ok", "read 1: what their publishers signed"]);
  const [none] = await checkArchives(dir, { maxBytes: size - 1 });
  assert.equal(none!.verdict, "ok");
  assert(
    none!.what.startsWith(`read 0, a sample of 1; \`libreseed verify ${dir}/*.tgz\` reads all`),
  );
});
