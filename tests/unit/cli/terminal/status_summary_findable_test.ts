import assert from "node:assert/strict";
import { allRows, packageRows, summaryRows } from "../../../../src/cli/terminal/status_summary.ts";
import type { PackageJson, StatusJson } from "../../../../src/control/answers.ts";

const NOW_MS = Date.UTC(2026, 5, 1);

const status = {
  ...{ network: {}, manager: {}, schedule: {}, dht: { state: "on" }, version: "1", home: "/h" },
  ...{ memory: {}, uploadSpeed: 0, downloadSpeed: 0, uploadedBytes: 0, downloadedBytes: 0 },
  ...{
    webSeedBytes: 0,
    reusedBytes: 0,
    pid: 1,
    startedMs: NOW_MS,
    seedDirectory: "/h/seed",
    packages: 1,
  },
  reachability: {
    ...{ reachable: "yes", port: 6_881 },
    ipv4: { placement: "public", reachable: "yes", incoming: { connections: 1, lastMs: NOW_MS } },
  },
} as unknown as StatusJson;

const one: PackageJson = {
  ...{ name: "a", version: "1.0.0", path: "/a", lengthBytes: 1, seeding: true },
};

function announcedRow(unannounced: number): string | undefined {
  const announcing = { budget: 20_000, packets: 19_000, unannounced };
  const view = { packages: [one], records: [], revoked: [], nowMs: NOW_MS };
  const rows = summaryRows({ ...view, status: { ...status, announcing } });
  return rows.find(([key]) => key === "announced")?.[1];
}

Deno.test("status says how many versions other clients cannot find, and what brings one back", () => {
  assert.match(
    announcedRow(3)!,
    /^not all: 3 versions are beyond announce-budget \(20000 packets an hour\), so libreseed finds them /,
  );
  assert.match(
    announcedRow(1)!,
    /^not all: 1 version is beyond announce-budget .*libreseed finds it /,
  );
  assert.match(announcedRow(1)!, /announce NAME@VERSION/);
  assert.equal(announcedRow(0), undefined);
});

Deno.test("status of a package says which versions other clients cannot find", () => {
  const stateOf = (findable?: boolean) =>
    new Map(packageRows({ packages: [{ ...one, findable }], records: [], nowMs: NOW_MS }))
      .get("state");
  assert.equal(stateOf(false), "seeding, not found by other BitTorrent clients");
  assert.equal(stateOf(true), "seeding");
  assert.equal(stateOf(), "seeding");
  const view = { status, records: [], revoked: [], nowMs: NOW_MS };
  const rows = allRows({ ...view, packages: [{ ...one, findable: false }] });
  assert.ok(
    rows.some(([, value]) => value === "a@1.0.0: seeding, not found by other BitTorrent clients"),
  );
});

Deno.test("status names the archive that has left last to make room", () => {
  const rowOf = (left?: StatusJson["left"]) =>
    summaryRows({
      status: { ...status, left },
      packages: [],
      records: [],
      revoked: [],
      nowMs: NOW_MS,
    })
      .find(([key]) => key === "made room")?.[1];
  const left = (label: string, agoMs: number) => ({
    ...{ package: label, why: "a newer version is mirrored", timeMs: NOW_MS - agoMs },
  });
  assert.equal(
    rowOf([left("a@1.0.0", 90_000), left("a@1.1.0", 60_000)]),
    "a@1.1.0 has left, 1m00s ago: a newer version is mirrored, and 1 before it",
  );
  assert.equal(rowOf(), undefined);
});
