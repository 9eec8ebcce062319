/** Tests what `libreseed doctor` reports when one thing at a time is broken. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createSocket } from "node:dgram";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { localRequests } from "../../src/launcher/mod.ts";
import { systemClock } from "../../src/base/mod.ts";
import { loadSettings } from "../../src/config/mod.ts";
import { checkArchives } from "../../src/doctor/archives.ts";
import type { Check } from "../../src/doctor/check.ts";
import { examine } from "../../src/doctor/doctor.ts";
import { NameKeeper } from "../../src/host/records/name_keeper.ts";
import { readKeyFile } from "../../src/identity/mod.ts";
import { StateDatabase } from "../../src/store/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import {
  canMount,
  freePort,
  runCli,
  smallDisk,
  spawnCli,
  temporaryHome,
  udpSocketsOf,
} from "../support/mod.ts";
import { signedEntry } from "../support/signed.ts";

/** A home with a package, and a DHT that the home's daemon can reach. */
interface Patient extends AsyncDisposable {
  path: string;
  port: number;
  env: Record<string, string>;
  doctor(...args: string[]): Promise<{ code: number; checks: Map<string, Check>; text: string }>;
}

async function patient(): Promise<Patient> {
  const home = await temporaryHome();
  const testnet = await startTestnet({ nodes: 5 });
  const port = await freePort();
  const env = {
    LIBRESEED_PORT: String(port),
    LIBRESEED_BOOTSTRAP: testnet.bootstrap,
    LIBRESEED_ALLOW_LOCAL: "true",
    LIBRESEED_TIMEOUT: "60s",
  };
  const { path } = home;
  for (const args of [["keygen", "--signing-only"], ["announce"]]) {
    const { code, stderr } = await runCli(args, { home, env });
    assert.equal(code, 0, stderr);
  }
  return {
    path,
    port,
    env,
    async doctor(...args) {
      const { code, stdout, stderr } = await runCli(["doctor", "--json", ...args], { home, env });
      assert.equal(stderr, "");
      const found: Check[] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      return { code, text: stdout, checks: new Map(found.map((check) => [check.name, check])) };
    },
    async [Symbol.asyncDispose]() {
      await testnet.close();
      await home.remove();
    },
  };
}

const names = [
  "daemon",
  "home",
  "key",
  "links",
  "seed directory",
  "archives",
  "state.db",
  "temporaries",
  "clock",
  "disk",
  "open files",
  "permissions",
  "sandbox",
  "name entries",
  "tcp port",
  "udp port",
  "bootstrap",
  "dht",
  "dht clock",
];

function verdicts(checks: Map<string, Check>): Record<string, string> {
  return Object.fromEntries(
    [...checks.values()].filter(({ verdict }) => verdict !== "ok")
      .map(({ name, verdict }) => [name, verdict]),
  );
}

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

Deno.test("doctor asks a running daemon and opens no socket itself", async () => {
  await using there = await patient();
  await using daemon = spawnCli(["seed"], { home: there.path, env: there.env });
  await daemon.waitForLine(/^ready: /, "stdout");
  const { code, checks } = await there.doctor();
  assert.deepEqual(verdicts(checks), {});
  assert.equal(code, 0);
  assert.equal(checks.get("daemon")!.what, `daemon, process ${daemon.pid}, answers`);
  assert.equal(checks.get("tcp port")!.what, `${there.port} is the daemon's`);
  assert.match(checks.get("dht")!.what, /^\d+ nodes in the daemon's table$/);
  assert(!checks.has("udp port"));
  assert.equal((await udpSocketsOf(daemon.pid)).length, 1);
});

Deno.test("a daemon whose UDP port is taken fails the dht check, exit 5", async () => {
  await using there = await patient();
  const stranger = createSocket("udp4");
  await new Promise<void>((resolve) => stranger.bind(there.port, "0.0.0.0", resolve));
  try {
    await using daemon = spawnCli(["seed"], { home: there.path, env: there.env });
    await daemon.waitForLine(/^ready: /, "stdout");
    const { code, checks } = await there.doctor();
    assert.deepEqual([code, verdicts(checks)], [5, { dht: "fail" }]);
    assert(checks.get("dht")!.what.includes(`UDP port ${there.port}`));
  } finally {
    await new Promise<void>((resolve) => stranger.close(resolve));
  }
});

Deno.test("taken ports are named with the program that uses them, exit 1", async () => {
  await using there = await patient();
  using _tcp = Deno.listen({ hostname: "0.0.0.0", port: there.port });
  const udp = createSocket("udp4");
  await new Promise<void>((resolve) => udp.bind(there.port, "0.0.0.0", resolve));
  try {
    const { code, checks } = await there.doctor();
    assert.equal(code, 1);
    assert.deepEqual(verdicts(checks), { "tcp port": "fail", "udp port": "fail" });
    for (const name of ["tcp port", "udp port"]) {
      assert(checks.get(name)!.what.startsWith(`${there.port} is taken`));
      assert(checks.get(name)!.mend!.includes("--port"));
    }
  } finally {
    await new Promise<void>((resolve) => udp.close(resolve));
  }
});

Deno.test("an unreachable network exits with 5, unless another check fails too", async () => {
  await using there = await patient();
  const silent = createSocket("udp4");
  await new Promise<void>((resolve) => silent.bind(0, "127.0.0.1", resolve));
  try {
    const address = `127.0.0.1:${silent.address().port}`;
    const { code, checks } = await there.doctor("--bootstrap", address, "--timeout", "200ms");
    assert.deepEqual([code, verdicts(checks)], [5, { dht: "fail" }]);
    assert.match(checks.get("dht")!.what, /^0 of 1 .* within 200 ms$/);

    await Deno.chmod(join(there.path, "keys", "publisher.key"), 0o644);
    assert.equal((await there.doctor("--bootstrap", address, "--timeout", "200ms")).code, 1);
  } finally {
    await new Promise<void>((resolve) => silent.close(resolve));
  }
});

Deno.test("bootstrap names without an address are reported", async () => {
  await using there = await patient();
  const nowhere = "no-such-host.invalid:6881";
  const { code, checks } = await there.doctor("--bootstrap", nowhere);
  assert.deepEqual([code, verdicts(checks)], [5, { bootstrap: "fail" }]);
  assert(checks.get("bootstrap")!.what.includes(nowhere));

  const some = await there.doctor("--bootstrap", nowhere, "--bootstrap", "127.0.0.1:1");
  assert.equal(some.checks.get("bootstrap")!.verdict, "warn");
});

Deno.test("a private bootstrap address without --allow-local is reported as a wrong setting", async () => {
  await using there = await patient();
  const { code, checks } = await there.doctor("--no-allow-local");
  assert.deepEqual([code, verdicts(checks)], [1, { dht: "fail" }]);
  assert(checks.get("dht")!.mend!.includes("--allow-local"));
  assert.equal(checks.get("dht")!.about, "machine");
});

Deno.test("a DHT that is switched off is not checked", async () => {
  await using there = await patient();
  const { code, checks } = await there.doctor("--no-dht", "--bootstrap", "127.0.0.1:1");
  assert.deepEqual([code, verdicts(checks)], [0, {}]);
});

/** Puts a package into the seed directory. Returns the path of the archive. */
async function packInto(home: string): Promise<string> {
  await using source = await temporaryHome();
  const manifest = JSON.stringify({ name: "sick", version: "1.0.0" });
  await Deno.writeTextFile(join(source.path, "package.json"), manifest);
  const archive = join(home, "seed", "sick-1.0.0.tgz");
  const { code, stderr } = await runCli(["pack", source.path, "-o", archive], { home });
  assert.equal(code, 0, stderr);
  return archive;
}

/**
 * Stores a name index entry of the home's publisher. The entry's date is three days in the future.
 */
async function publishAhead(home: string): Promise<void> {
  const clock = { ...systemClock, now: () => Date.now() + 3 * 86_400_000 };
  const keys = await readKeyFile(join(home, "keys", "publisher.key"));
  const times = { firstSeenMs: clock.now(), timestampMs: clock.now() };
  using state = StateDatabase.open(join(home, "state.db"), clock);
  const keeper = new NameKeeper({
    state,
    store: { lookUp: () => Promise.reject(), put: () => Promise.reject() },
    clock,
    intervalMs: () => 3_600_000,
    onWarning: () => {},
  });
  keeper.keep("sick", signedEntry(keys, "sick", { version: "1.0.0", ...times }));
}

const illnesses: {
  title: string;
  harm(path: string): Promise<unknown> | void;
  check: string;
  verdict: "warn" | "fail";
  says: RegExp;
}[] = [
  {
    title: "a key that others can read",
    harm: (path) => Deno.chmod(join(path, "keys", "publisher.key"), 0o640),
    check: "key",
    verdict: "fail",
    says: /chmod 600 .*publisher\.key/,
  },
  {
    title: "a key file that is none",
    harm: (path) => Deno.writeTextFile(join(path, "keys", "publisher.key"), "no key\n"),
    check: "key",
    verdict: "fail",
    says: /is not a key file/,
  },
  {
    title: "a key directory that others can look into",
    harm: (path) => Deno.chmod(join(path, "keys"), 0o755),
    check: "key",
    verdict: "warn",
    says: /keys is open to others \(mode 0755\).*chmod 700 .*keys/,
  },
  {
    title: "a key directory that others can write to",
    harm: (path) => Deno.chmod(join(path, "keys"), 0o777),
    check: "key",
    verdict: "fail",
    says: /others can replace files in .*keys \(mode 0777\)/,
  },
  {
    title: "a key that is a link to nowhere",
    async harm(path) {
      await Deno.remove(join(path, "keys", "publisher.key"));
      await Deno.symlink("/nowhere/publisher.key", join(path, "keys", "publisher.key"));
    },
    check: "key",
    verdict: "fail",
    says: /is a link to \/nowhere\/publisher\.key: move the key file itself there/,
  },
  {
    title: "a key that is a link to a sound key",
    async harm(path) {
      const key = join(path, "keys", "publisher.key");
      await Deno.rename(key, join(path, "elsewhere.key"));
      await Deno.symlink(join(path, "elsewhere.key"), key);
    },
    check: "key",
    verdict: "fail",
    says: /is a link to .*elsewhere\.key: move the key file itself there/,
  },
  {
    title: "a key that has a second name",
    harm: (path) => Deno.link(join(path, "keys", "publisher.key"), join(path, "copy")),
    check: "key",
    verdict: "warn",
    says: /the key file has 2 names/,
  },
  {
    title: "a home that others can write to",
    harm: (path) => Deno.chmod(path, 0o777),
    check: "home",
    verdict: "fail",
    says: /others can replace files in .* \(mode 0777\): run: chmod 700/,
  },
  {
    title: "an archive of other bytes than were signed",
    async harm(path) {
      const archive = await packInto(path);
      const bytes = await Deno.readFile(archive);
      bytes[bytes.length - 1]! ^= 1;
      await Deno.writeFile(archive, bytes);
    },
    check: "archives",
    verdict: "fail",
    says: /sick-1\.0\.0\.tgz is not what its publisher signed: remove it/,
  },
  {
    title: "an archive without its manifest",
    harm: async (path) => Deno.remove((await packInto(path)).replace(/tgz$/, "minimal.json")),
    check: "archives",
    verdict: "warn",
    says: /sick-1\.0\.0\.minimal\.json.*libreseed list/,
  },
  {
    title: "a seed directory that others can write to",
    harm: (path) => Deno.chmod(join(path, "seed"), 0o777),
    check: "seed directory",
    verdict: "warn",
    says: /chmod go-w .*seed/,
  },
  {
    title: "a symbolic link in the home that leads out of it",
    harm: (path) => Deno.symlink("/etc", join(path, "aside")),
    check: "links",
    verdict: "warn",
    says: /aside is a symbolic link to \/etc, which leads out of the home: put what/,
  },
  {
    title: "a state.db that has a second name",
    harm: (path) => Deno.link(join(path, "state.db"), join(path, "second")),
    check: "links",
    verdict: "warn",
    says: /state\.db is a file with 2 names \(hard links\).*cp -p/,
  },
  {
    title: "a link in the seed directory that leads out of it",
    harm: (path) => Deno.symlink("/etc", join(path, "seed", "etc")),
    check: "seed directory",
    verdict: "warn",
    says: /seed\/etc: a symbolic link.*remove/,
  },
  {
    title: "a file in the seed directory that has a second name elsewhere",
    async harm(path) {
      await Deno.writeTextFile(join(path, "notes"), "");
      await Deno.link(join(path, "notes"), join(path, "seed", "notes"));
    },
    check: "seed directory",
    verdict: "warn",
    says: /seed\/notes: a file with several names \(hard links\).*not seeded: .*cp -p/,
  },
  {
    title: "a file where the seed directory should be",
    async harm(path) {
      await Deno.remove(join(path, "seed"), { recursive: true });
      await Deno.writeTextFile(join(path, "seed"), "");
    },
    check: "seed directory",
    verdict: "fail",
    says: /seed cannot be written.*--dir/,
  },
  {
    title: "a state.db of other bytes",
    harm: (path) => Deno.writeTextFile(join(path, "state.db"), "no database".repeat(1_000)),
    check: "state.db",
    verdict: "fail",
    says: /not a database.*put aside/,
  },
  {
    title: "a state.db with a page of zeros",
    async harm(path) {
      using file = await Deno.open(join(path, "state.db"), { write: true });
      await file.seek(4096, Deno.SeekMode.Start);
      await file.write(new Uint8Array(4096));
    },
    check: "state.db",
    verdict: "fail",
    says: /state\.db cannot be used/,
  },
  {
    title: "a state.db of a newer libreseed",
    harm(path) {
      using database = new DatabaseSync(join(path, "state.db"));
      database.exec("PRAGMA user_version = 999");
    },
    check: "state.db",
    verdict: "fail",
    says: /newer libreseed \(schema 999\)/,
  },
  {
    title: "a state.db that others can read",
    harm: (path) => Deno.chmod(join(path, "state.db"), 0o644),
    check: "state.db",
    verdict: "warn",
    says: /chmod 600 .*state\.db/,
  },
  {
    title: "a temporary of a process that was killed",
    async harm(path) {
      const stale = join(path, "seed", ".tmp-1-stale");
      await Deno.writeTextFile(stale, "");
      await Deno.utime(stale, 0, Date.now() / 1_000 - 7_200);
    },
    check: "temporaries",
    verdict: "warn",
    says: /\.tmp-1-stale left by/,
  },
  {
    title: "a publish with the clock ahead",
    harm: publishAhead,
    check: "name entries",
    verdict: "fail",
    says: /readers do not find sick by name: .*dated in the future.*`libreseed publish` again/,
  },
  {
    title: "a state.db from the future",
    harm: (path) => Deno.utime(join(path, "state.db"), 0, Date.now() / 1_000 + 3_600),
    check: "clock",
    verdict: "fail",
    says: /state\.db was written 3\d{3} s later/,
  },
];

Deno.test("a state.db locked by another program is reported as locked, not as damaged", async () => {
  await using there = await patient();
  const path = join(there.path, "state.db");
  using database = new DatabaseSync(path);
  database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  const { code, checks } = await there.doctor();
  assert.deepEqual([code, verdicts(checks)], [1, { "state.db": "fail" }]);
  const { what, mend } = checks.get("state.db")!;
  assert.match(what, /database is locked/);
  assert.equal(mend, "end the program that has it open, or wait for it");
});

for (const { title, harm, check, verdict, says } of illnesses) {
  Deno.test(`${title}: ${verdict}, with the way to fix it`, async () => {
    await using there = await patient();
    await harm(there.path);
    const before = await Deno.readFile(join(there.path, "state.db"));
    const { code, checks } = await there.doctor();
    assert.deepEqual(verdicts(checks), { [check]: verdict });
    assert.equal(code, verdict === "fail" ? 1 : 0);
    const { what, mend } = checks.get(check)!;
    assert.match(`${what}: ${mend}`, says);
    assert.deepEqual(await Deno.readFile(join(there.path, "state.db")), before, "it mends nothing");
  });
}

Deno.test("a process that owns the home but does not answer is named", async () => {
  await using there = await patient();
  using lock = await Deno.open(join(there.path, "daemon.lock"), { read: true, write: true });
  assert(await lock.tryLock(true));
  await lock.truncate();
  await lock.write(new TextEncoder().encode("4711\n"));
  const { code, checks } = await there.doctor();
  assert.deepEqual([code, verdicts(checks)], [0, { daemon: "warn" }]);
  assert(checks.get("daemon")!.what.includes("process 4711"));
  // The running process may be about to bind the port. The doctor therefore must not bind the port
  // as a test.
  assert(!checks.has("udp port") && checks.has("port and dht"));
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
    assert(home.mend!.includes("--home"));
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

Deno.test("a control socket that other users may use is a failure", async () => {
  await using there = await patient();
  await using daemon = spawnCli(["seed"], { home: there.path, env: there.env });
  await daemon.waitForLine(/^ready: /, "stdout");
  await Deno.chmod(join(there.path, "control.sock"), 0o666);
  const { code, checks } = await there.doctor();
  assert.deepEqual([code, verdicts(checks)], [1, { daemon: "fail" }]);
  assert.match(checks.get("daemon")!.mend!, /^run: chmod 600 .*control\.sock$/);
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
