import assert from "node:assert/strict";
import { type PackageInfo, renderInfo } from "../../../../src/cli/terminal/package_info.ts";

const info: PackageInfo = {
  name: "a",
  version: "1.1.0",
  publisher: "ed25519:KEY",
  fingerprint: "ab cd",
  pinned: true,
  trusted: false,
  timestampMs: 86_400_000,
  lengthBytes: 2_048,
  fileCount: 1,
  dependencies: {},
  seeders: 0,
  magnet: "magnet:?xt=x",
  fetchedBytes: 1_024,
};

Deno.test("what is not known of a package is left out or named as unknown", () => {
  assert.equal(
    renderInfo({ ...info, seeders: undefined }),
    [
      "a@1.1.0",
      "  publisher    ed25519:KEY (ab cd), pinned",
      "  signed       1970-01-02",
      "  size         2.0 KiB packed, unpacked size not known: its manifest does not say, 1 file",
      "  seeders      unknown: no DHT node answered",
      "               unknown: the rendezvous of the publisher could not be asked",
      "  magnet       magnet:?xt=x",
      "  archive      not here; 1.0 KiB of it were downloaded for this page",
    ].join("\n"),
  );
});

Deno.test("versions have their dates, tags and flags, and a stranger's text is made safe", () => {
  const text = renderInfo({
    ...info,
    signingKey: "ed25519:OTHER",
    description: "red \u001b[31m and \u202eback",
    dependencies: { b: "^1", c: "*" },
    versions: [
      { version: "1.1.0", timestampMs: 86_400_000, tags: ["latest"] },
      { version: "1.0.0", yanked: "" },
      { version: "0.9.0", yanked: "eats\ndata", deprecated: "use b" },
    ],
  });
  const lines = text.split("\n");
  assert.equal(lines[1], "  description  red \\u{1b}[31m and \\u{202e}back");
  assert.ok(lines.includes("  signed       1970-01-02 by ed25519:OTHER"));
  const at = lines.findIndex((line) => line.startsWith("  versions"));
  assert.deepEqual(lines.slice(at, at + 3), [
    "  versions     1.1.0  1970-01-02  @latest",
    "               1.0.0  date not known  yanked",
    "               0.9.0  date not known  yanked: eats\\u{a}data  deprecated: use b",
  ]);
  assert.ok(lines.includes("  depends on   b@^1, c@*"));
});

Deno.test("the keys of the publisher have their limits, and revoked ones are named", () => {
  const lines = renderInfo({
    ...info,
    signingKeys: [
      { key: "ed25519:A" },
      { key: "ed25519:B", untilMs: 86_400_000, names: ["a", "b-*"] },
    ],
    revokedKeys: [
      { key: "ed25519:C", sinceMs: 0, reason: "laptop\nstolen" },
      { key: "ed25519:D", sinceMs: 0 },
    ],
  }).split("\n");
  const at = lines.findIndex((line) => line.startsWith("  its keys"));
  assert.deepEqual(lines.slice(at, at + 5), [
    "  its keys     ed25519:A",
    "               ed25519:B until 1970-01-02 for a, b-*",
    "               ed25519:C revoked since 1970-01-01: laptop\\u{a}stolen",
    "               ed25519:D revoked since 1970-01-01",
    "  signed       1970-01-02",
  ]);
});

Deno.test("long lists are cut short, and files are listed with tabs", () => {
  const versions = Array.from({ length: 25 }, (_, n) => ({ version: `1.0.${n}` }));
  const files = [
    { path: "a b", sha256: "00ff", sizeBytes: 3 },
    { path: "c", sha256: "11ee" },
  ];
  const lines = renderInfo({ ...info, versions, files }).split("\n");
  assert.ok(lines.includes("               … and 5 more (--json lists all)"));
  assert.deepEqual(lines.slice(-2), ["00ff\t3\ta b", "11ee\t-\tc"]);
});

Deno.test("the seeders of the archive and those of the publisher are told apart, and claims marked", () => {
  const seeder = {
    version: "0.3.0",
    archives: 2,
    bytes: 1_024,
    uptimeSeconds: 60,
    from: "192.0.2.1",
  };
  const rendezvous = { found: 2, answered: 1, seeders: [seeder] };
  const lines = renderInfo({ ...info, seeders: 3, rendezvous }).split("\n");
  const at = lines.findIndex((line) => line.startsWith("  seeders"));
  assert.deepEqual(lines.slice(at, at + 3), [
    "  seeders      3 that the DHT names for this archive",
    "               2 that the DHT names for the publisher, 1 answered; they claim:",
    "               192.0.2.1  libreseed 0.3.0, 2 archives, 1.0 KiB, up 1m00s",
  ]);
});

Deno.test("a time that is no date is shown as a number", () => {
  const timestampMs = Number.MAX_SAFE_INTEGER;
  const text = renderInfo({ ...info, timestampMs, versions: [{ version: "1.1.0", timestampMs }] });
  assert.match(text, /^ {2}signed {7}9007199254740991$/m);
  assert.match(text, /^ {2}versions {5}1\.1\.0 {2}9007199254740991$/m);
});
