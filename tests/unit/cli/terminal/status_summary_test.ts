/**
 * The command `libreseed status`: the contents and bounded length of the summary, and the live
 * screen.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { RevokedUse } from "../../../../src/control/mod.ts";
import { systemClock } from "../../../../src/base/mod.ts";
import { runCli } from "../../../../src/cli/mod.ts";
import { Interrupted } from "../../../../src/cli/process/errors.ts";
import { isScreen, LiveScreen } from "../../../../src/cli/terminal/live_screen.ts";
import {
  allRows,
  changesBetween,
  type StatusView,
  summaryRows,
} from "../../../../src/cli/terminal/status_summary.ts";
import { fitTable } from "../../../../src/cli/terminal/table.ts";
import type { PackageJson, RecordJson, StatusJson } from "../../../../src/control/answers.ts";
import { homePaths } from "../../../../src/control/mod.ts";
import type { Operations } from "../../../../src/control/operations.ts";
import { serveControl } from "../../../../src/control/server.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { fakeIo, FakeSink } from "../../../support/fake_io.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);

const status: StatusJson = {
  network: { ipv4: true, ipv6: true },
  reachability: {
    reachable: "yes",
    port: 6881,
    ipv4: { placement: "public", reachable: "yes", incoming: { connections: 3, lastMs: NOW_MS } },
  },
  version: "9.8.7",
  pid: 42,
  daemon: true,
  startedMs: NOW_MS - 3_600_000,
  port: 6881,
  nodeId: "ab".repeat(20),
  home: "/home/a/.libreseed",
  seedDirectory: "/home/a/.libreseed/seed",
  dht: { state: "on" },
  dhtNodes: 120,
  manager: {} as StatusJson["manager"],
  schedule: { kept: 500, overdue: 0 },
  packages: 250,
  problems: 0,
  memory: { residentBytes: 1 << 27, heapBytes: 1 << 24 },
  uploadSpeed: 0,
  downloadSpeed: 0,
  uploadedBytes: 0,
  downloadedBytes: 0,
  webSeedBytes: 0,
  reusedBytes: 0,
  peersConnected: 0,
  peersKnown: 0,
  peersByUtp: 0,
};

function packageOf(number: number, more: Partial<PackageJson> = {}): PackageJson {
  const name = `package-${number}`;
  const path = `/seed/${name}-1.0.0.tgz`;
  return { name, version: "1.0.0", path, lengthBytes: 1_000, seeding: true, ...more };
}

function recordOf(number: number, more: Partial<RecordJson> = {}): RecordJson {
  const counts = { seq: 1, own: true, holding: 8, asked: 8, responded: 8, failures: 0 };
  const target = number.toString(16).padStart(40, "0");
  const name = { kind: "manifest", name: `package-${number}`, version: "1.0.0" } as const;
  return { target, ...name, ...counts, lastAttemptMs: NOW_MS, ...more } as RecordJson;
}

function viewOf(packages: PackageJson[], records: RecordJson[] = []): StatusView {
  return { status, packages, records, revoked: [], nowMs: NOW_MS };
}

Deno.test("a revoked key is a problem that names what rests on it", () => {
  const use: RevokedUse = {
    key: "ed25519:KEY",
    identity: "ed25519:ROOT",
    sinceMs: Date.UTC(2026, 10, 29),
    reason: "stolen\u001b[2J",
    pins: ["a", "b", "c", "d"],
    followed: true,
    archives: ["a@1.0.0"],
    installed: [],
    locked: ["b@2.0.0"],
  };
  for (const rows of [summaryRows, allRows]) {
    const told = rows({ ...viewOf([]), revoked: [use] }).filter(([key]) => key === "problem");
    assert.deepEqual(told, [[
      "problem",
      'the key ed25519:KEY of ed25519:ROOT is revoked since 2026-11-29 ("stolen\\u001b[2J"); ' +
      "pinned: a, b, c and 1 more; followed; seeded no more: a@1.0.0; in the lock file here: b@2.0.0",
    ]]);
  }
  // A stranger may sign a time that no calendar has.
  const [[, text]] = summaryRows({
    ...viewOf([]),
    revoked: [{ ...use, sinceMs: 2 ** 53 - 1 }],
  }) as [
    [string, string],
  ];
  assert.match(text, /since 9007199254740991 /);
});

Deno.test("the router's firewall for IPv6 has a row of its own", () => {
  const rowOf = (pinhole: StatusJson["pinhole"]) => {
    const view = viewOf([]);
    return new Map(summaryRows({ ...view, status: { ...status, pinhole } })).get("router, IPv6");
  };
  assert.equal(rowOf(undefined), undefined);
  const mapping = { protocol: "PCP", externalAddress: "2a00:5::2", externalPort: 6_881 } as const;
  assert.equal(rowOf({ sinceMs: 1, mapping }), "opened [2a00:5::2]:6881 by PCP");
  const error = { code: "NO_ROUTER", message: "No router answered" };
  assert.equal(rowOf({ sinceMs: 1, error }), "no port opened (No router answered)");
});

Deno.test("the traffic of the DHT is that of both families", () => {
  const counters = { malformed: 0, limited: 0, unasked: 0, unsent: 0 };
  const traffic = { packetsIn: 1, bytesIn: 100, packetsOut: 2, bytesOut: 200, ...counters };
  const dht6 = { state: { state: "on" as const }, nodeIdHex: "ab".repeat(20), nodes: 3, traffic };
  const view = { ...viewOf([]), status: { ...status, traffic, dht6 } };
  const row = new Map(summaryRows(view)).get("dht traffic");
  assert.equal(row, "2 packets in (200 B), 4 out (400 B)");
});

Deno.test("a summary says what the router has opened, or why nothing", () => {
  const routerOf = (portMapping: StatusJson["portMapping"]) => {
    const view = viewOf([]);
    return new Map(summaryRows({ ...view, status: { ...status, portMapping } })).get("router");
  };
  const mapping = {
    ...{ protocol: "PCP" as const, externalAddress: "198.51.100.7" },
    externalPort: 7_000,
  };
  const error = { code: "ROUTER_SILENT", message: "The router is silent" };
  assert.equal(routerOf({ sinceMs: 1, mapping }), "opened 198.51.100.7:7000 by PCP");
  assert.equal(
    routerOf({ sinceMs: 1, mapping, error }),
    "opened 198.51.100.7:7000 by PCP (The router is silent)",
  );
  assert.equal(routerOf({ sinceMs: 1, error }), "no port opened (The router is silent)");
  assert.equal(routerOf({ sinceMs: 1 }), "no answer yet");
  assert.equal(routerOf(undefined), undefined);
});

Deno.test("a summary names three neighbours, or says why there is none", () => {
  const lanOf = (lan: StatusJson["lan"]) => {
    const view = viewOf([]);
    return new Map(summaryRows({ ...view, status: { ...status, lan } })).get("local network");
  };
  const neighbours = [5, 6, 7, 8].map((i) => ({ host: `10.0.0.${i}`, port: 6_881, heardMs: 1 }));
  assert.equal(lanOf({ neighbours: neighbours.slice(3) }), "1 neighbour: 10.0.0.8:6881");
  assert.equal(
    lanOf({ neighbours }),
    "4 neighbours: 10.0.0.5:6881, 10.0.0.6:6881, 10.0.0.7:6881, …",
  );
  assert.equal(lanOf({ neighbours: [] }), "no neighbour with the same packages");
  const error = { code: "GATE_DIED", message: "The gate's thread died" };
  assert.equal(
    lanOf({ neighbours, error }),
    "not searched now (The gate's thread died)",
  );
  assert.equal(lanOf(undefined), undefined);
});

const numbers = Array.from({ length: 250 }, (_, i) => i);

Deno.test("a summary of 250 packages has totals, the ten busiest, and a hint to see the rest", () => {
  const packages = numbers.map((i) => packageOf(i, { peers: i % 50, uploadedBytes: i * 1_000 }));
  const rows = summaryRows(viewOf(packages, numbers.map((i) => recordOf(i))));
  assert(rows.length <= 30, `${rows.length} rows`);
  const values = new Map(rows);
  assert.match(values.get("version")!, /^9\.8\.7; this program is .*libreseed stop/);
  assert.equal(values.get("packages"), "250 seeded");
  assert.equal(values.get("records"), "250 kept");
  assert.match(values.get("more")!, /250 packages and 250 records.*status --all/);
  const busy = rows.filter(([key]) => key === "busy").map(([, value]) => value);
  assert.equal(busy.length, 10);
  assert.deepEqual(busy.slice(0, 2), [
    "package-249@1.0.0: 49 peers, 243.2 KiB sent",
    "package-199@1.0.0: 49 peers, 194.3 KiB sent",
  ]);
});

Deno.test("the full status lists each package and each record", () => {
  const packages = numbers.map((i) => packageOf(i, { peers: 0, uploadedBytes: 0 }));
  const rows = allRows(viewOf(packages, numbers.map((i) => recordOf(i))));
  assert.equal(rows.filter(([key]) => key === "package").length, 250);
  assert.equal(rows.filter(([key]) => key === "record").length, 250);
});

Deno.test("a summary lists ten problems and counts the others", () => {
  const packages = numbers.map((i) => packageOf(i, { seeding: false, problem: "is damaged" }));
  const records = [recordOf(1, { error: "no DHT node answered" })];
  const rows = summaryRows(viewOf(packages, records));
  const problems = rows.filter(([key]) => key === "problem").map(([, value]) => value);
  assert.equal(problems.length, 11);
  assert.equal(problems[0], "package-0@1.0.0: is damaged");
  assert.match(problems[10]!, /^and 241 more: `libreseed status --all`$/);
  assert.equal(new Map(rows).get("records"), "1 kept, 1 failing");
});

Deno.test("a package that cannot be mirrored is listed as a problem with its reason", () => {
  const unmirrored = [{
    package: "lib@1.0.0",
    code: "NO_PEERS",
    reason: "unreachable",
    message: "2 peers of lib@1.0.0 are known, and none could be reached",
  }];
  const view = { ...viewOf([]), status: { ...status, unmirrored } };
  const told =
    "lib@1.0.0 is not mirrored: 2 peers of lib@1.0.0 are known, and none could be reached";
  for (const rows of [summaryRows(view), allRows(view)]) {
    assert.deepEqual(rows.filter(([key]) => key === "problem"), [["problem", told]]);
  }
});

Deno.test("a summary of few rows keeps problems and drops details of the node", () => {
  const packages = numbers.map((i) => packageOf(i, { peers: 1 }));
  packages[7] = packageOf(7, { problem: "is damaged", seeding: false });
  for (let height = 1; height < 40; height++) {
    const rows = summaryRows(viewOf(packages), height);
    assert(rows.length <= height, `${rows.length} rows in ${height}`);
    assert.equal(rows[0]![0], "problem", `the problem is not first in ${height} rows`);
    if (height < 7) continue;
    assert(rows.some(([key]) => key === "dht"), `no dht in ${height} rows`);
  }
  assert(!summaryRows(viewOf(packages), 10).some(([key]) => key === "memory"));
  assert(summaryRows(viewOf(packages), 40).some(([key]) => key === "memory"));
  for (const height of [10, 15, 20]) {
    assert.equal(summaryRows(viewOf(packages), height).length, height, "no line is left empty");
  }
});

Deno.test("a summary of few rows shares them between problems, which come first, and totals", () => {
  const packages = numbers.map((i) => packageOf(i, { seeding: false, problem: "is damaged" }));
  assert.deepEqual(summaryRows(viewOf(packages), 1), [
    ["problem", "250 of them: `libreseed status --all`"],
  ]);
  const rows = summaryRows(viewOf(packages), 12);
  assert.equal(rows.length, 12);
  const keys = rows.map(([key]) => key);
  assert.equal(keys.lastIndexOf("problem"), 5);
  assert.match(rows[5]![1], /^and 245 more: /);
  assert(keys.includes("dht") && keys.includes("packages"));
  assert.equal(summaryRows(viewOf(packages))[0]![1], "package-0@1.0.0: is damaged");
  assert.equal(allRows(viewOf(packages))[0]![1], "package-0@1.0.0: is damaged");
});

Deno.test("a row too wide for the screen loses its padding before its end is cut", () => {
  const packages = [packageOf(7, { problem: "is damaged", seeding: false })];
  const [first, ...others] = fitTable(summaryRows(viewOf(packages), 12), 37);
  assert.equal(first, "problem  package-7@1.0.0: is damaged");
  for (const line of others) assert([...line].length <= 37, line);
});

Deno.test("each change is one line, and traffic counters are no change", () => {
  const before = viewOf([packageOf(1), packageOf(2)], [recordOf(1)]);
  const counted = {
    ...before,
    status: { ...status, uploadedBytes: 7, dhtNodes: 121 },
    packages: [packageOf(1, { peers: 3, uploadedBytes: 7 }), packageOf(2)],
    nowMs: NOW_MS + 2_000,
  };
  assert.deepEqual(changesBetween(before, counted), []);
  const after = {
    ...before,
    status: { ...status, dht: { state: "on", silent: true } as StatusJson["dht"] },
    packages: [packageOf(1, { problem: "is damaged", seeding: false }), packageOf(3)],
    records: [recordOf(1, { error: "no DHT node answered" })],
  };
  assert.deepEqual(changesBetween(before, after), [
    "dht: on, but no node answers, was on",
    "package-1@1.0.0: is damaged, was seeding",
    "package-3@1.0.0: new, seeding",
    "package-2@1.0.0: removed",
    "record package-1@1.0.0: no DHT node answered",
  ]);
  assert.equal(changesBetween(after, before).at(-1), "record package-1@1.0.0: announced again");
});

Deno.test("a live screen redraws in place, fits the terminal, and restores it at the end", () => {
  const sink = new FakeSink();
  Object.assign(sink, { isTerminal: true, height: 3 });
  {
    using screen = new LiveScreen(sink);
    screen.show(["one", "two", "three"]);
    screen.show(["a\x1b[2Jb", "two", "three", "four"]);
  }
  const [before, first, second] = sink.text.split("\x1b[H");
  assert.equal(before, "\x1b[?1049h\x1b[?25l");
  assert.equal(first, "one\x1b[K\r\ntwo\x1b[K\r\nthree\x1b[K\x1b[J");
  assert.equal(
    second,
    "a\\u{1b}[2Jb\x1b[K\r\ntwo\x1b[K\r\n… 2 more lines\x1b[K\x1b[J\x1b[?25h\x1b[?1049l",
  );
  assert(isScreen(sink, {}) && !isScreen(sink, { TERM: "dumb" }) && !isScreen(new FakeSink(), {}));
});

/** Runs `status --watch` against a fake daemon with two packages. */
async function watching(args: string[], isTerminal: boolean) {
  const home = await temporaryHome();
  const clock = new FakeClock(NOW_MS);
  const packages = [packageOf(1), packageOf(2)];
  const operations = {
    status: () => Promise.resolve({ ...status, manager: { gets: 0 } }),
    list: () => Promise.resolve(packages),
    records: () => Promise.resolve([]),
  } as unknown as Operations;
  const server = await serveControl(homePaths(home.path).control, operations, systemClock);
  const end = new AbortController();
  const io = { ...fakeIo({ signal: end.signal }), clock };
  Object.assign(io.stdout, { isTerminal, height: 12, width: 40 });
  const code = runCli(["status", "--watch", "--home", home.path, ...args], {
    ...io,
    get interruptedBy() {
      return end.signal.aborted ? "SIGINT" as const : undefined;
    },
  });
  const seen = async (pattern: RegExp) => {
    for (let tries = 0; !pattern.test(io.stdout.text); tries++) {
      assert(tries < 60_000, `${pattern} is not in ${io.stdout.text}${io.stderr.text}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  return {
    ...{ io, packages, seen },
    /** Lets the command query the daemon repeatedly until the screen matches `pattern`. */
    async looks(pattern: RegExp) {
      for (let tries = 0; !pattern.test(io.stdout.text); tries++) {
        assert(tries < 60_000, `${pattern} is not in ${io.stdout.text}${io.stderr.text}`);
        await clock.advance(500);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    async end(): Promise<number> {
      end.abort(new Interrupted("SIGINT"));
      return await code;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await home.remove();
    },
  };
}

Deno.test("--watch redraws the summary in place, and Ctrl-C restores the screen", async () => {
  await using at = await watching([], true);
  await at.seen(/packages +250 seeded/);
  at.packages[1] = packageOf(2, { problem: "is damaged", seeding: false });
  await at.looks(/problem +package-2@1\.0\.0/);
  assert.equal(await at.end(), 130);
  const { text } = at.io.stdout;
  assert(text.startsWith("\x1b[?1049h") && text.endsWith("\x1b[?1049l"), JSON.stringify(text));
  for (const frame of text.split("\x1b[H").slice(1)) {
    const [text, ...sequences] = frame.split("\x1b");
    const shown = text + sequences.map((one) => one.replace(/^\[[?\d]*[a-zA-Z]/, "")).join("");
    const lines = shown.split("\r\n");
    assert(lines.length <= 12, frame);
    for (const line of lines) assert([...line].length <= 40, line);
  }
  // The fake clock may run ahead of the daemon's real answers.
  assert.doesNotMatch(at.io.stderr.text, /^(?!.* has not answered for 3 s; still waiting).+/m);
});

Deno.test("--watch without a terminal prints the summary once, then one line per change", async () => {
  await using at = await watching([], false);
  await at.seen(/^packages +250 seeded$/m);
  const { text: summary } = at.io.stdout;
  at.packages.push(packageOf(3));
  await at.looks(/package-3/);
  assert.equal(await at.end(), 130);
  const more = at.io.stdout.text.slice(summary.length);
  assert.match(more, /^2026-06-01T12:\d\d:\d\d\.\d{3}Z {2}package-3@1\.0\.0: new, seeding\n$/);
  assert(!at.io.stdout.text.includes("\x1b"));
});
