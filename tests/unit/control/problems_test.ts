/** Tests the problems of a home in words. */

import assert from "node:assert/strict";
import type { PackageJson, RecordJson, StatusJson } from "../../../src/control/answers.ts";
import { problemsOf, type ProblemSource } from "../../../src/control/problems.ts";

const placement = { placement: "nat", incoming: { connections: 0 } };
const sound = {
  dht: { state: "on", silent: false },
  reachability: { reachable: "unknown", ipv4: placement, port: 6_881 },
} as unknown as StatusJson;

/** Returns the problems of a home that is sound except for what is given. */
function problems(
  { status, ...given }: Omit<Partial<ProblemSource>, "status"> & { status?: object },
) {
  return problemsOf({
    ...{ packages: [], records: [], revoked: [] },
    status: { ...sound, ...status } as StatusJson,
    ...given,
  });
}

const record = (one: Partial<RecordJson>) =>
  ({
    ...{ kind: "manifest", name: "a", version: "1.0.0", weak: false, lastAttemptMs: 1 },
    ...one,
  }) as RecordJson;

Deno.test("a sound home has no problem", () => {
  const disk = { usedBytes: 1, freeBytes: 2 ** 40, maxBytes: 2 ** 33, isFull: false };
  assert.deepEqual(problems({ disk }), []);
  assert.deepEqual(problems({ disk: { usedBytes: 1, maxBytes: 1, isFull: false } }), []);
  const packages = [{ name: "a", version: "1.0.0", seeding: true } as PackageJson];
  assert.deepEqual(problems({ packages, records: [record({})] }), []);
});

Deno.test("errors come before warnings, and each names its thing", () => {
  const found = problems({
    status: {
      unmirrored: [{ package: "m@2.0.0", code: "NO_PEERS", message: "nobody has it" }],
      gate: { state: "running", deaths: 2, why: "killed", lastDeathMs: 1 },
    },
    packages: [
      { name: "a", version: "1.0.0", problem: "its hash differs" } as PackageJson,
      { name: "b.tgz", version: "", problem: "unreadable" } as PackageJson,
    ],
    records: [record({ error: "no node answers" })],
  });
  assert.deepEqual(found, [
    { severity: "error", about: "package", text: "a@1.0.0: its hash differs" },
    { severity: "error", about: "package", text: "b.tgz: unreadable" },
    { severity: "error", about: "record", text: "a@1.0.0: no node answers" },
    { severity: "warning", about: "mirror", text: "m@2.0.0 is not mirrored: nobody has it" },
    {
      severity: "warning",
      about: "gate",
      text: "the gate has died 2 times (killed); it runs again",
    },
  ]);
});

Deno.test("weak records are one problem, without those that fail or were never announced", () => {
  const weak = (name: string) => record({ name, weak: true });
  const of = (...records: RecordJson[]) => problems({ records }).map(({ text }) => text);
  assert.deepEqual(of(record({ weak: true, lastAttemptMs: undefined })), []);
  assert.match(of(weak("a"))[0]!, /^1 record is weak: .*\(a@1\.0\.0\)$/);
  assert.match(
    of(...["a", "b", "c", "d", "e"].map(weak))[0]!,
    /^5 records are weak: .*\(a@1\.0\.0, b@1\.0\.0, c@1\.0\.0 and 2 more\)$/,
  );
  assert.deepEqual(of(record({ weak: true, error: "x" })), ["a@1.0.0: x"]);
});

Deno.test("the DHT is a problem if it failed or is silent, unless the other family answers", () => {
  const of = (status: object) => problems({ status });
  assert.match(of({ dht: { state: "off", why: "6881 is taken" } })[0]!.text, /6881 is taken/);
  assert.deepEqual(of({ dht: { state: "off", why: "it is switched off", byChoice: true } }), []);
  const silent = { state: "on", silent: true };
  const [found] = of({ dht: silent });
  assert.deepEqual([found!.severity, found!.about], ["error", "dht"]);
  assert.match(found!.advice!, /UDP/);
  assert.deepEqual(of({ dht: silent, dht6: { state: { state: "on", silent: false } } }), []);
  assert.equal(of({ dht: silent, dht6: { state: silent } }).length, 1);
});

Deno.test("who cannot be reached is told what to do", () => {
  const reachability = {
    ...{ reachable: "no", ipv4: placement, port: 6_881, localAddress: "192.168.0.2" },
  };
  assert.deepEqual(problems({ status: { reachability } }), [{
    severity: "warning",
    about: "reachability",
    text: "peers outside cannot connect: behind NAT, and no router has opened port 6881; no peer " +
      "outside has connected yet",
    advice: "forward TCP and UDP port 6881 to 192.168.0.2 in the router",
  }]);
});

Deno.test("a lost address and a dead gate are errors", () => {
  const binding = { name: "tun0", state: "lost", why: "tun0 is down" };
  const [found] = problems({ status: { binding } });
  assert.deepEqual([found!.severity, found!.about], ["error", "binding"]);
  assert.match(found!.text, /tun0 is down/);
  assert.match(found!.advice!, /tun0/);
  assert.deepEqual(problems({ status: { binding: { ...binding, state: "bound" } } }), []);
  const gate = { state: "dead", deaths: 1, why: "killed", lastDeathMs: 1 };
  const [dead] = problems({ status: { gate } });
  assert.equal(dead!.severity, "error");
  assert.match(dead!.text, /^the gate has died once \(killed\); IPv6/);
});

Deno.test("a disk that is full is an error, a nearly full one and the limit of mirroring are warnings", () => {
  const of = (freeBytes: number, isFull = false) =>
    problems({ disk: { usedBytes: 5, freeBytes, maxBytes: 1 << 30, isFull } })
      .map(({ severity, about, text }) => [severity, about, text]);
  assert.deepEqual(of(1 << 20), [
    ["error", "disk", "the disk of the seed directory is full: 1.0 MiB free"],
  ]);
  assert.deepEqual(of(100 << 20), [
    ["warning", "disk", "the disk of the seed directory is nearly full: 100.0 MiB free"],
  ]);
  assert.deepEqual(of(256 << 20), []);
  const [limit] = of(2 ** 40, true);
  assert.match(limit![2]!, /not all packages .* \(max-disk\)$/);
});

Deno.test("a revoked key is a problem that names what rests on it", () => {
  const [found] = problems({
    revoked: [{
      ...{ key: "ed25519:K", identity: "ed25519:I", sinceMs: 0, reason: "stolen\nlaptop" },
      ...{ pins: ["a"], followed: true, archives: [], installed: [], locked: [] },
    }],
  });
  assert.deepEqual([found!.severity, found!.about], ["error", "key"]);
  assert.equal(
    found!.text,
    'the key ed25519:K of ed25519:I is revoked since 1970-01-01 ("stolen\\nlaptop"); pinned: a; followed',
  );
});
