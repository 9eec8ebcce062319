/** Compares what `reload` reports about each setting with how the running daemon behaves. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { findSetting, settingDefinitions, type SettingKey } from "../../../src/config/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import type { Operations } from "../../../src/control/operations.ts";
import { freePort, spawnCli } from "../../support/mod.ts";
import { eventually, newPlace } from "../../support/place.ts";

/** A new value of a setting, and a function that tests whether the daemon uses the value. */
interface Change {
  /** The new value of the setting, in the config file's syntax. */
  to: string;
  isInForce?: (daemon: Operations) => Promise<boolean>;
}

/** Returns the number of nodes that hold the manifest record after an announcement. */
async function holders(daemon: Operations): Promise<number> {
  const reports = await daemon.announce({ packages: [] });
  return reports.find(({ kind }) => kind === "manifest")?.outcome?.holding ?? 0;
}

Deno.test("the report of reload matches the running daemon's behaviour for each setting", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const port = await freePort();
  const base: Partial<Record<SettingKey, string>> = {
    port: String(port),
    bootstrap: place.testnet.bootstrap,
    "allow-local": "true",
    "min-nodes": "1",
    "store-nodes": "2",
    // The daemon scans the seed directory only when the test requests a scan.
    watch: "off",
  };
  const write = (settings: Record<string, string>) =>
    Deno.writeTextFile(
      join(home.path, "config.yaml"),
      Object.entries(settings).map(([key, value]) => `${key}: ${value}\n`).join(""),
    );
  await write(base);
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const sample = await place.source("sample", "1.0.0", "hello\n".repeat(2_000_000));
  await Deno.mkdir(join(sample, "in"));
  await Deno.writeFile(join(sample, "in", "random"), randomBytes(100_000));
  const packed = join(place.path, "packed");
  await Deno.mkdir(packed);
  await home.must(["pack", sample, "-o", join(packed, "sample-1.0.0.tgz")]);

  // The environment of other tests is not passed on, because environment variables would override
  // the config file. In a test network no router is asked, whatever the setting is.
  const env = { LIBRESEED_PORT_MAPPING: undefined, LIBRESEED_LAN: undefined };
  await using running = spawnCli(["seed"], { home: home.path, env, timeoutMs: 120_000 });
  await running.waitForLine(/^ready: /, "stdout");
  const found = await connectControl(home.path, { clock: systemClock });
  assert(found);
  const daemon = found.client.operations;
  const free = await freePort();
  const status = () => daemon.status();
  /** Whether the daemon refuses to seed an archive that was copied into the seed directory. */
  const refusesSample = async () => {
    const files = [...Deno.readDirSync(packed)].map(({ name }) => name);
    for (const name of files) await Deno.copyFile(join(packed, name), join(home.seed, name));
    try {
      return await daemon.add({ fileName: "sample-1.0.0.tgz" }).then(() => false, () => true);
    } finally {
      for (const name of files) await Deno.remove(join(home.seed, name));
    }
  };
  const changes: Record<Exclude<SettingKey, "home">, Change> = {
    dir: {
      to: join(home.path, "other"),
      isInForce: async () => (await status()).seedDirectory !== home.seed,
    },
    port: { to: String(free), isInForce: async () => (await status()).port === free },
    bind: {
      to: "127.0.0.1",
      isInForce: async () => (await status()).binding?.name === "127.0.0.1",
    },
    bootstrap: { to: "none", isInForce: async () => (await holders(daemon)) === 0 },
    dht: { to: "false", isInForce: async () => (await status()).dht.state === "off" },
    "allow-local": { to: "false", isInForce: async () => (await holders(daemon)) === 0 },
    "port-mapping": { to: "false" },
    lan: { to: "false" },
    timeout: { to: "7s" },
    "min-nodes": { to: "2" },
    "store-nodes": { to: "5", isInForce: async () => (await holders(daemon)) === 5 },
    "reannounce-interval": { to: "70m" },
    "dht-rate": { to: "100" },
    "announce-budget": {
      to: "7",
      isInForce: async () => (await status()).announcing?.budget === 7,
    },
    "max-archive-size": { to: "100", isInForce: refusesSample },
    "max-unpacked-size": { to: "1000", isInForce: refusesSample },
    "max-files": { to: "1", isInForce: refusesSample },
    "max-directories": { to: "0", isInForce: refusesSample },
    "max-depth": { to: "0", isInForce: refusesSample },
    "max-paths-size": { to: "10", isInForce: refusesSample },
    "max-ratio": { to: "2", isInForce: refusesSample },
    "upload-limit": { to: "1MiB" },
    "download-limit": { to: "1MiB" },
    "max-connections": { to: "7" },
    "max-incoming": { to: "9" },
    encryption: { to: "off" },
    reuse: { to: "false" },
    transport: { to: "tcp", isInForce: async () => (await status()).utp === undefined },
    http: {
      to: `127.0.0.1:${free}`,
      isInForce: () => fetch(`http://127.0.0.1:${free}/healthz`).then(() => true, () => false),
    },
    "http-hosts": { to: "monitor.example" },
    webhook: { to: "https://hooks.example/x" },
    "webhook-events": { to: "problems" },
    "http-publish": { to: "true" },
    policy: { to: "trusted" },
    mirror: { to: "true" },
    "max-disk": { to: "1MiB" },
    watch: { to: "poll" },
    "log-format": {
      to: "json",
      isInForce: () =>
        Promise.resolve(running.stderr.includes('"message":"in force now: log-format')),
    },
    "log-level": {
      to: "error",
      isInForce: () => Promise.resolve(!running.stderr.includes("in force now: log-level")),
    },
  };
  try {
    for (const { key, property, takesEffect } of settingDefinitions) {
      // The config file lies in the home, so the file cannot set the home's path.
      if (key === "home") continue;
      const { to, isInForce } = changes[key];
      await write({ ...base, [key]: to });
      const said = await daemon.reload();
      assert.deepEqual(said, {
        changed: takesEffect === "reload" ? [key] : [],
        needRestart: takesEffect === "start" ? [key] : [],
        perCommand: takesEffect === "command" ? [key] : [],
      });
      const shown = (await daemon.settings()).find((setting) => setting.key === key)!;
      const isNew = takesEffect !== "start";
      assert.equal(shown.where.includes(`config.yaml:${lineOf(base, key)}`), isNew || key in base);
      if (isInForce) assert.equal(await isInForce(daemon), isNew, `${key} (${property})`);
      await write(base);
      await daemon.reload();
    }
    assert.equal(await refusesSample(), false, "what no limit forbids is taken");
  } finally {
    found.client.close();
  }
  running.kill("SIGTERM");
  assert.equal((await running.status).code, 0);
});

/** Replaces the line of a setting in the config file, or appends the line. */
function lineOf(base: object, key: string): number {
  const index = Object.keys(base).indexOf(key);
  return (index === -1 ? Object.keys(base).length : index) + 1;
}

for (const key of ["upload-limit", "download-limit"] as const) {
  Deno.test(`a new ${key} applies to running transfers`, async () => {
    await using place = await newPlace();
    const serving = await place.home();
    const fetching = await place.home(null);
    const limited = key === "upload-limit" ? serving : fetching;
    const config = join(limited.path, "config.yaml");
    // At 10 kB per second, the download would exceed the command's time limit.
    await Deno.writeTextFile(config, `${key}: 10kB\n`);
    await using daemon = await serving.daemon();
    const source = await place.source("pkg", "1.0.0");
    await Deno.writeFile(join(source, "random"), randomBytes(3_000_000));
    await serving.must(["publish", "-q", source]);
    await using other = await fetching.daemon();
    const got = fetching.run(["get", "pkg"], { timeoutMs: 120_000 });
    await eventually(async () => {
      const [one] = JSON.parse(await serving.must(["status", "--json"])).list;
      return one?.peers > 0;
    });
    await Deno.writeTextFile(config, `${key}: 0\n`);
    assert.equal(await limited.must(["reload"]), `in force now: ${key}\n`);
    const { code, stderr } = await got;
    assert.equal(code, 0, stderr);
    await other.end();
    await daemon.end();
  });
}

Deno.test("a reload that enables mirroring or raises max-disk starts to mirror", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using serving = await publisher.daemon();
  await publisher.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const mirror = await place.home(null);
  const config = join(mirror.path, "config.yaml");
  await Deno.writeTextFile(config, "max-disk: 1\n");
  await using daemon = await mirror.daemon();
  await mirror.must(["follow", publisher.publicKey]);
  assert.deepEqual(mirror.files(), []);
  await Deno.writeTextFile(config, "max-disk: 1\nmirror: true\n");
  assert.equal(await mirror.must(["reload"]), "in force now: mirror\n");
  await daemon.process.waitForLine(
    /not all packages of followed publishers are mirrored/,
    "stderr",
  );
  await Deno.writeTextFile(config, "max-disk: 1MiB\nmirror: true\n");
  assert.equal(await mirror.must(["reload"]), "in force now: max-disk\n");
  await eventually(() => mirror.files().includes("pkg-1.0.0.tgz"));
  await daemon.end();
  await serving.end();
});

Deno.test("reload says that a new policy applies to each new command", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home(null);
  await using daemon = await home.daemon();
  await Deno.writeTextFile(join(home.path, "config.yaml"), "policy: trusted\nport: 7\n");
  const { code, stdout, stderr } = await home.run(["reload"]);
  assert.deepEqual([code, stdout], [0, "no setting of the running daemon has changed\n"]);
  assert.match(stderr, /^in force for each new command: policy$/m);
  assert.equal(findSetting("policy")?.takesEffect, "command");
  await daemon.end();
});
