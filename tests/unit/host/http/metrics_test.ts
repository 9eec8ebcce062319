/**
 * The daemon's metrics in Prometheus' text format, parsed as strictly as promtool does.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { RecordJson, StatusJson } from "../../../../src/control/answers.ts";
import { type MetricsSource, renderMetrics } from "../../../../src/host/http/metrics.ts";
import { DiskUse } from "../../../../src/host/seeding/disk_use.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";

interface Family {
  help?: string;
  type?: string;
  samples: { labels: string; value: number }[];
}

/**
 * Parses the Prometheus text format, version 0.0.4. Throws on any violation of its specification.
 */
function parse(text: string): Map<string, Family> {
  assert(text.endsWith("\n"), "the last line has no line feed");
  const families = new Map<string, Family>();
  let current = "";
  const ended = new Set<string>();
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const meta = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    const sample =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)$/.exec(
        line,
      );
    const name = meta?.[2] ?? sample?.[1];
    assert(name, `neither comment nor sample: ${line}`);
    if (name !== current) {
      assert(!ended.has(name), `${name} is in two places`);
      ended.add(current);
      current = name;
    }
    const family = families.get(name) ?? { samples: [] };
    families.set(name, family);
    if (meta) {
      assert.equal(family.samples.length, 0, `${name}: a comment after a sample`);
      const key = meta[1] === "HELP" ? "help" : "type";
      assert.equal(family[key], undefined, `${name} has two ${meta[1]}`);
      family[key] = meta[3]!;
      continue;
    }
    const [, , labels = "", text] = sample!;
    assert(/^[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|Inf)$/.test(text!), `${name} is ${text}`);
    assert(family.samples.every((one) => one.labels !== labels), `${name}${labels} twice`);
    family.samples.push({ labels, value: Number(text) });
  }
  return families;
}

/** Returns the problems that promtool's linter would report. */
function lint(families: Map<string, Family>): string[] {
  const problems: string[] = [];
  for (const [name, { help, type, samples }] of families) {
    if (!help || !type) problems.push(`${name} lacks HELP or TYPE`);
    if (samples.length === 0) problems.push(`${name} has no sample`);
    if ((type === "counter") !== name.endsWith("_total")) problems.push(`${name} is a ${type}`);
    if (!/^libreseed_[a-z0-9_]+$/.test(name)) problems.push(`${name} is no name of ours`);
    if (/_(ms|milliseconds|minutes|hours|kilobytes|mib|percent)(_|$)/.test(name)) {
      problems.push(`${name} is in no base unit`);
    }
    if (type === "counter" && samples.some(({ value }) => value < 0)) problems.push(`${name} < 0`);
  }
  return problems;
}

const status: StatusJson = {
  ...{ version: "1.2.3", pid: 1, daemon: true, startedMs: 1_000, port: 6_881, home: "/h" },
  ...{ seedDirectory: "/h/seed", dht: { state: "on" }, dhtNodes: 9, packages: 4, problems: 2 },
  traffic: {
    ...{ packetsIn: 1, bytesIn: 2, packetsOut: 3, bytesOut: 4 },
    ...{ malformed: 5, limited: 6, unasked: 7, unsent: 8 },
  } as StatusJson["traffic"],
  manager: {
    ...{ gets: 0, getsAnswered: 0, puts: 0, putsStrong: 0, peerSearches: 0 },
    ...{ peerSearchesFound: 0, peersFound: 0, roundTripMs: undefined },
  },
  schedule: { kept: 3, overdue: 1 },
  reachability: {
    ...{ reachable: "yes", port: 6_881 },
    earlierIncoming: 3,
    ipv4: { placement: "mapped", reachable: "yes", incoming: { connections: 4, lastMs: 1 } },
    ipv6: { placement: "public", reachable: "yes", incoming: { connections: 2, lastMs: 1 } },
  },
  memory: { residentBytes: 1 << 20, heapBytes: 1 << 10 },
  ...{
    uploadSpeed: 10.5,
    downloadSpeed: 0,
    uploadedBytes: 2 ** 40,
    downloadedBytes: 17,
    webSeedBytes: 3,
    reusedBytes: 5,
  },
  ...{ peersConnected: 3, peersKnown: 12, peersByUtp: 2 },
  utp: {
    ...{ packetsIn: 9, bytesIn: 10, packetsOut: 11, bytesOut: 12, accepted: 13, dialled: 14 },
    ...{ connections: 1, halfOpen: 0, keptBytes: 15, flightBytes: 0 },
  },
} as StatusJson;

const dhtRow = { kind: "get", queriesIn: 1, repliesOut: 2, queriesOut: 3, repliesIn: 4 } as const;

async function read(source: Partial<MetricsSource> = {}) {
  const text = await renderMetrics({
    ...{ status, records: [], diskBytes: 123, maxDiskBytes: 456, nowMs: 61_000 },
    ...source,
  });
  const families = parse(text);
  assert.deepEqual(lint(families), []);
  const valueOf = (name: string) => families.get(`libreseed_${name}`)?.samples[0]?.value;
  return { families, valueOf };
}

function record(fields: Partial<RecordJson>): RecordJson {
  return { kind: "manifest", weak: false, failures: 0, ...fields } as RecordJson;
}

Deno.test("the metrics keep Prometheus' format and naming conventions and agree with the status", async () => {
  const { families, valueOf } = await read();
  assert.deepEqual(families.get("libreseed_build_info")!.samples, [
    { labels: `{version="1.2.3",deno="${Deno.version.deno}"}`, value: 1 },
  ]);
  const figures = {
    ...{ uptime_seconds: 60, packages: 4, problems: 2, disk_used_bytes: 123, disk_max_bytes: 456 },
    ...{ uploaded_bytes_total: 2 ** 40, downloaded_bytes_total: 17, peers_connected: 3 },
    ...{ peers_known: 12, peers_found_total: 0, dht_up: 1, announcements_overdue: 1 },
    ...{ upload_bytes_per_second: 10.5, dht_sent_bytes_total: 4, records: 0 },
    ...{ reachable: 1, incoming_peers_total: 9, peers_connected_by_utp: 2 },
    ...{ utp_sent_bytes_total: 12, utp_accepted_connections_total: 13 },
  };
  for (const [name, value] of Object.entries(figures)) assert.equal(valueOf(name), value, name);
});

Deno.test("a success ratio is absent until something was tried", async () => {
  const untried = await read({ records: [record({})] });
  for (const name of ["dht_announce_success_ratio", "peer_discovery_success_ratio"]) {
    assert.equal(untried.valueOf(name), undefined, name);
  }
  assert.equal(untried.valueOf("dht_round_trip_seconds"), undefined);
  const lastAttemptMs = 5;
  const tried = await read({
    status: {
      ...status,
      manager: {
        ...status.manager,
        peerSearches: 4,
        peerSearchesFound: 1,
        peersFound: 7,
        roundTripMs: 50,
      },
    },
    records: [
      record({ lastAttemptMs }),
      record({ lastAttemptMs, weak: true }),
      record({ lastAttemptMs, weak: true, failures: 2 }),
      record({ weak: true }),
    ],
  });
  const figures = {
    ...{ dht_announce_success_ratio: 1 - 1 / 3, peer_discovery_success_ratio: 0.25 },
    ...{ records: 4, records_failing: 1, records_weak: 2, peers_found_total: 7 },
    ...{ dht_round_trip_seconds: 0.05 },
  };
  for (const [name, value] of Object.entries(figures)) {
    assert.equal(tried.valueOf(name), value, name);
  }
});

Deno.test("without a DHT the metrics leave out its traffic only", async () => {
  const none = { traffic: undefined, utp: undefined };
  const off = { ...status, ...none, dht: { state: "off", why: "x" } } as StatusJson;
  const { families, valueOf } = await read({ status: off });
  assert.equal(valueOf("dht_up"), 0);
  assert.deepEqual([...families.keys()].filter((name) => /_(sent|received)_/.test(name)), []);
});

Deno.test("silence of the DHT and deaths of the gate are metrics", async () => {
  const good = await read();
  assert.deepEqual(["dht_silent", "gate_deaths_total"].map(good.valueOf), [0, 0]);
  const gate = { state: "running" as const, deaths: 3, lastDeathMs: 1, why: "x" };
  const bad = await read({ status: { ...status, gate, dht: { state: "on", silent: true } } });
  assert.deepEqual(["dht_up", "dht_silent", "gate_deaths_total"].map(bad.valueOf), [1, 1, 3]);
  // A DHT that is off is not silent.
  const off = await read({ status: { ...status, dht: { state: "off", why: "x" } } });
  assert.equal(off.valueOf("dht_silent"), 0);
});

Deno.test("the port in the router is a metric if a router is asked", async () => {
  const mapping = {
    ...{ protocol: "PCP" as const, externalAddress: "198.51.100.7" },
    externalPort: 6_881,
  };
  const valueWith = async (portMapping: StatusJson["portMapping"]) =>
    (await read({ status: { ...status, portMapping } })).valueOf("port_mapped");
  assert.equal(await valueWith({ sinceMs: 1, mapping }), 1);
  assert.equal(await valueWith({ sinceMs: 1 }), 0);
  assert.equal(await valueWith(undefined), undefined);
});

Deno.test("reachability is a metric once it is known", async () => {
  const valueWith = async (reachable: "no" | "unknown") => {
    const reachability = { ...status.reachability, reachable };
    return (await read({ status: { ...status, reachability } })).valueOf("reachable");
  };
  assert.equal(await valueWith("no"), 0);
  assert.equal(await valueWith("unknown"), undefined);
});

Deno.test("the number of neighbours is a metric if the local network is searched", async () => {
  const valueWith = async (lan: StatusJson["lan"]) =>
    (await read({ status: { ...status, lan } })).valueOf("neighbours");
  const neighbour = { host: "192.168.1.7", port: 6_881, heardMs: 1 };
  assert.equal(await valueWith({ neighbours: [neighbour, { ...neighbour, port: 6_882 }] }), 2);
  assert.equal(await valueWith({ neighbours: [] }), 0);
  assert.equal(await valueWith(undefined), undefined);
});

Deno.test("operations.md lists exactly the metrics that exist", async () => {
  const everything = await read({
    records: [record({ lastAttemptMs: 1 })],
    dht: { families: [{ family: 4, nodeId: "", nodes: 0, buckets: [], traffic: [dhtRow] }] },
    status: {
      ...status,
      manager: { ...status.manager, peerSearches: 1, roundTripMs: 1 },
      portMapping: { sinceMs: 1 },
      pinhole: { sinceMs: 1 },
      binding: { name: "tun0", interface: "tun0", ipv4: "10.8.0.6", state: "bound" },
      lan: { neighbours: [] },
      announcing: { budget: 20_000, packets: 12_000, unannounced: 7 },
      dht6: {
        state: { state: "on" },
        nodeIdHex: "00".repeat(20),
        nodes: 1,
        traffic: status.traffic!,
      },
    },
  });
  const page = await Deno.readTextFile(new URL("../../../../docs/operations.md", import.meta.url));
  const section = page.split("### Metrics")[1]!.split("\n### ")[0]!;
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const documented = rows.flatMap((row) =>
    [...row.split("|")[1]!.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => [
      `libreseed_${name}`,
      row.split("|")[2]!.trim(),
    ])
  );
  const written = [...everything.families].map(([name, { type }]) => [name, type]);
  assert.deepEqual(documented.sort(), written.sort());
});

Deno.test("DiskUse counts the bytes of regular files, at most once a minute", async () => {
  await using directory = await temporaryHome();
  const clock = new FakeClock();
  const use = new DiskUse(clock);
  await Deno.writeFile(join(directory.path, "a"), new Uint8Array(1_000));
  await Deno.mkdir(join(directory.path, "d"));
  await Deno.symlink("a", join(directory.path, "link"));
  assert.equal(await use.bytesOf(directory.path), 1_000);
  await Deno.writeFile(join(directory.path, "b"), new Uint8Array(500));
  assert.equal(await use.bytesOf(directory.path), 1_000);
  await clock.advance(60_000);
  assert.equal(await use.bytesOf(directory.path), 1_500);
});

Deno.test("DHT packets have labels for family, kind, type and direction", async () => {
  const node = { nodeId: "", nodes: 0, buckets: [], traffic: [dhtRow] };
  const { families } = await read({ dht: { families: [{ family: 4, ...node }] } });
  const { samples } = families.get("libreseed_dht_packets_total")!;
  const label = (type: string, direction: string) =>
    `{family="4",kind="get",type="${type}",direction="${direction}"}`;
  assert.deepEqual(samples, [
    { labels: label("query", "in"), value: 1 },
    { labels: label("query", "out"), value: 3 },
    { labels: label("reply", "in"), value: 4 },
    { labels: label("reply", "out"), value: 2 },
  ]);
  assert.equal((await read()).families.get("libreseed_dht_packets_total"), undefined);
});
