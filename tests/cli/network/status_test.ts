/** Tests `libreseed status`, `libreseed reload`, and the daemon's HTTP page. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually, type Home, newPlace } from "../../support/place.ts";

Deno.test("status prints the state of the daemon as text and as JSON", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const none = await home.run(["status"]);
  assert.deepEqual([none.code, none.stdout], [3, ""]);
  assert(none.stderr.includes("libreseed seed") && none.stderr.includes(home.path), none.stderr);

  await using daemon = await home.daemon();
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const text = await home.must(["status"]);
  const rows = new Map(
    text.trimEnd().split("\n").map((line) => {
      const [, key, value] = /^(\S+(?: \S+)*?) {2,}(.*)$/.exec(line) ?? [];
      return [key, value] as const;
    }),
  );
  assert.equal(rows.get("port"), `${daemon.port}`);
  assert.equal(rows.get("dht"), "on");
  assert.equal(rows.get("seed directory"), home.seed);
  assert.equal(rows.get("packages"), "1 seeded");
  assert.match(rows.get("process")!, new RegExp(`^${daemon.process.pid}, up \\d`));

  const status = JSON.parse(await home.must(["status", "--json"]));
  for (
    const [key, type] of Object.entries({
      ...{
        version: "string",
        pid: "number",
        daemon: "boolean",
        startedMs: "number",
        uptimeMs: "number",
      },
      ...{ port: "number", nodeId: "string", home: "string", seedDirectory: "string" },
      ...{ dht: "object", dhtNodes: "number", traffic: "object", manager: "object" },
      ...{ schedule: "object", packages: "number", memory: "object", uploadSpeed: "number" },
      ...{ downloadSpeed: "number", uploadedBytes: "number", downloadedBytes: "number" },
      ...{ list: "object" },
    })
  ) {
    assert.equal(typeof status[key], type, key);
  }
  assert(status.traffic.packetsOut > 0 && status.traffic.bytesIn > 0);
  assert(status.manager.puts > 0 && status.manager.putsStrong > 0);
  assert(status.schedule.kept >= 3);
  assert(status.memory.residentBytes > status.memory.heapBytes);
  assert.deepEqual(
    status.list.map(({ name, seeding }: { name: string; seeding: boolean }) => [name, seeding]),
    [["pkg", true]],
  );

  const one = await home.must(["status", "pkg"]);
  assert.match(one, /^package +pkg@1\.0\.0$/m);
  assert.match(one, /^state +seeding$/m);
  const unknown = await home.run(["status", "other"]);
  assert.deepEqual([unknown.code, unknown.stdout], [3, ""]);

  const verbose = await home.run(["status", "-v"]);
  assert.match(verbose.stderr, /^port: 0 \(.*LIBRESEED_PORT.*\)$/m);
  assert.match(verbose.stderr, /^min-nodes: 8 \(.*default.*\)$/m);
  await daemon.end();
});

Deno.test("reload and SIGHUP apply changed settings, and name those that need a restart", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const config = join(home.path, "config.yaml");
  // The timeout is set by an environment variable, which overrides the config file.
  const env = { LIBRESEED_TIMEOUT: "20s" };
  await using daemon = await home.daemon([], { env });
  assert.equal(await home.must(["reload"], { env }), "no setting has changed\n");

  await Deno.writeTextFile(config, "min-nodes: 3\nmax-connections: 7\n");
  const changed = await home.run(["reload"], { env });
  assert.deepEqual([changed.code, changed.stdout], [0, "in force now: min-nodes\n"]);
  assert(changed.stderr.includes("restart: max-connections"), changed.stderr);
  await daemon.process.waitForLine(/in force now: min-nodes$/, "stderr");
  await daemon.process.waitForLine(/only after a restart: max-connections$/, "stderr");

  await Deno.writeTextFile(config, "store-nodes: 4\n");
  daemon.process.kill("SIGHUP");
  // Settings that the config file no longer contains are back at their defaults.
  await daemon.process.waitForLine(/in force now: min-nodes, store-nodes$/, "stderr");
  await home.must(["publish", "-q", await place.source("few", "1.0.0")]);
  assert.equal(home.holders("few", "1.0.0").length, 4);

  await Deno.writeTextFile(config, "store-nodes: many\n");
  const bad = await home.run(["reload", "--json"], { env });
  assert.equal(bad.code, 2, bad.stderr);
  assert(bad.stderr.includes(`${config}:1`) && bad.stderr.includes("store-nodes"), bad.stderr);
  daemon.process.kill("SIGHUP");
  await daemon.process.waitForLine(/config\.yaml:1: store-nodes/, "stderr");
  await Deno.remove(config);
  assert.equal(JSON.parse(await home.must(["status", "--json"])).pid, daemon.process.pid);
  assert.equal(await Deno.stat(config).catch(() => undefined), undefined, "the file was written");
  await daemon.end();
});

async function page(base: string, path: string, init?: RequestInit) {
  const response = await fetch(`${base}${path}`, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Starts a daemon with an HTTP page on a free port. */
async function withPage(home: Home, args: string[] = []) {
  const daemon = await home.daemon(["--http", "127.0.0.1:0", ...args]);
  const [, base] = await daemon.process.waitForLine(
    /(http:\/\/127\.0\.0\.1:\d+)\/ shows/,
    "stderr",
  );
  return { daemon, base: base! };
}

Deno.test("the HTTP page serves health, readiness and metrics, and refuses changes", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const { daemon: serving, base } = await withPage(home);
  await using daemon = serving;
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  assert.deepEqual([(await page(base, "/healthz")).status, (await page(base, "/healthz")).text], [
    200,
    "ok\n",
  ]);
  await eventually(async () => (await page(base, "/readyz")).status === 200);

  const metrics = await page(base, "/metrics");
  assert.match(metrics.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const samples = new Map<string, number>();
  for (const line of metrics.text.trimEnd().split("\n")) {
    if (/^# (HELP|TYPE) [a-z_]+ .+$/.test(line) || line === "") continue;
    const [, name, value] = /^([a-z_]+)(?:\{.*\})? (-?[0-9.e+-]+)$/.exec(line) ?? [];
    assert(name, `no sample of Prometheus' text format: ${line}`);
    assert(name.startsWith("libreseed_"), name);
    assert(metrics.text.includes(`# TYPE ${name} `) && metrics.text.includes(`# HELP ${name} `));
    samples.set(name, Number(value));
  }
  assert.equal(samples.get("libreseed_dht_up"), 1);
  assert.equal(samples.get("libreseed_packages"), 1);
  assert(samples.get("libreseed_dht_sent_packets_total")! > 0);
  assert(samples.get("libreseed_records")! >= 2);
  assert(samples.get("libreseed_disk_used_bytes")! > 0);
  assert.equal(samples.get("libreseed_disk_max_bytes"), 10 * 2 ** 30);
  assert.equal(samples.get("libreseed_problems"), 0);

  for (const path of ["/nothing", "/v1/nothing", "/v1"]) {
    assert.equal((await page(base, path)).status, 404);
  }
  assert.equal((await page(base, "/v1/stop")).status, 405);
  for (const [method, status] of [["POST", 401], ["PUT", 405], ["DELETE", 405]] as const) {
    assert.equal((await page(base, "/v1/stop", { method })).status, status);
    assert.equal((await page(base, "/healthz", { method })).status, 405);
  }
  const other = await (await place.home(null)).run(["seed", "--http", new URL(base).host]);
  assert.equal(other.code, 6, other.stderr);
  assert(other.stderr.includes(new URL(base).host), other.stderr);
  assert.equal(other.stdout, "");
  await daemon.end();
  await assert.rejects(fetch(base));
});

Deno.test("without a DHT the daemon is not healthy, and gives the reason", async () => {
  await using place = await newPlace({ nodes: 1 });
  const { daemon: serving, base } = await withPage(await place.home(null), ["--no-dht"]);
  await using daemon = serving;
  for (const path of ["/healthz", "/readyz"]) {
    const { status, text } = await page(base, path);
    assert.equal(status, 503);
    assert.match(text, /DHT is off: it is switched off/);
  }
  assert.match((await page(base, "/metrics")).text, /^libreseed_dht_up 0$/m);
  await daemon.end();
});
