/**
 * Parsing of durations, sizes and `HOST:PORT` in the forms that users write.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { formatHostPort } from "../../../src/base/mod.ts";
import { ConfigError, parseDuration, parseHostPort, parseSize } from "../../../src/config/mod.ts";
import { validateSetting } from "../../../src/config/validate.ts";

function refuses(parse: (text: string) => unknown, code: string, texts: string[]): void {
  for (const text of texts) {
    assert.throws(
      () => parse(text),
      (error) =>
        error instanceof ConfigError && error.kind === "usage" && error.code === code &&
        error.message.includes(JSON.stringify(text)),
      JSON.stringify(text),
    );
  }
}

Deno.test("a duration is a number with a unit, in milliseconds", () => {
  const cases: [string, number][] = [
    ["500ms", 500],
    ["90s", 90_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["1.5h", 5_400_000],
    ["0.5 s", 500],
    ["10M", 600_000],
    [" 3s ", 3_000],
    ["0", 0],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});

Deno.test("a plain number is a duration in seconds", () => {
  assert.equal(parseDuration("90"), 90_000);
  assert.equal(parseDuration("0.25"), 250);
});

Deno.test("what is no duration is refused by name", () => {
  refuses(parseDuration, "BAD_DURATION", [
    ...["", "s", "-1s", "+1s", "1e3", "1h30m", "10 minutes", "1,5h", "1s s", "Infinity", "NaN"],
    ...["0x10", "1_000", "10mm", "10\0", "999999999999999d"],
  ]);
});

Deno.test("a duration's unit is never looked up among an object's own methods", () => {
  refuses(parseDuration, "BAD_DURATION", ["1constructor", "1toString", "1valueOf"]);
});

Deno.test("a size is a number with a unit of 1,000 or 1,024, in bytes", () => {
  const cases: [string, number][] = [
    ["0", 0],
    ["4096", 4096],
    ["10B", 10],
    ["10kB", 10_000],
    ["10KiB", 10_240],
    ["10MiB", 10_485_760],
    ["1GB", 1_000_000_000],
    ["2GiB", 2_147_483_648],
    ["1.5 MB", 1_500_000],
    ["1tib", 1_099_511_627_776],
  ];
  for (const [text, bytes] of cases) assert.equal(parseSize(text), bytes, text);
});

Deno.test("a size with an ambiguous or unknown unit is refused", () => {
  refuses(parseSize, "BAD_SIZE", [
    ...["", "10K", "10M", "10G", "-1", "1e9", "MiB", "10 Mib ps", "10MiB/s", "99999TiB9"],
    "999999999999TB",
  ]);
});

Deno.test("a host and a port are split at the last colon", () => {
  assert.deepEqual(parseHostPort("router.example.org:6881"), {
    host: "router.example.org",
    port: 6881,
  });
  assert.deepEqual(parseHostPort("192.0.2.1:1"), { host: "192.0.2.1", port: 1 });
  assert.deepEqual(parseHostPort("localhost:65535"), { host: "localhost", port: 65_535 });
});

Deno.test("an IPv6 address stands in brackets", () => {
  assert.deepEqual(parseHostPort("[2001:db8::1]:6881"), { host: "2001:db8::1", port: 6881 });
  assert.throws(() => parseHostPort("2001:db8::1:6881"), /brackets/);
  assert.throws(() => parseHostPort("::1"), /brackets/);
  assert.throws(() => parseHostPort("[fe80::1%eth0]:6881"), /HOST:PORT/);
});

Deno.test("what is no HOST:PORT is refused by name", () => {
  refuses(parseHostPort, "BAD_HOST_PORT", [
    ...["", ":6881", "host", "host:", "host:port", "host:-1", "host:65536", "host:123456"],
    ...["host:0", "a b:1", "http://host:1", "user@host:1", "[]:1", "[host]:1", "[1.2.3.4]:1"],
    ...[
      "[::1]",
      "[::1:6881",
      "-host:1",
      ".:1",
      "host:1 ",
      "host\n:1",
      "hôte:1",
      "a".repeat(254) + ":1",
    ],
  ]);
});

Deno.test("port 0 is allowed only where it is asked for", () => {
  assert.equal(parseHostPort("127.0.0.1:0", { allowPortZero: true }).port, 0);
  assert.throws(() => parseHostPort("127.0.0.1:0"), /from 1 to 65535/);
});

Deno.test("formatHostPort writes what parseHostPort reads", () => {
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      assert.deepEqual(parseHostPort(formatHostPort({ host, port })), { host, port });
    }),
  );
});

Deno.test("no text makes a parser throw anything but a ConfigError, or return a fraction", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,20}[a-zA-Z]{0,4}$/)), (text) => {
      for (const parse of [parseDuration, parseSize, parseHostPort]) {
        try {
          const value = parse(text);
          if (typeof value === "number") assert(Number.isSafeInteger(value) && value >= 0, text);
        } catch (error) {
          assert(error instanceof ConfigError, text);
        }
      }
    }),
  );
});

Deno.test("a webhook that is refused does not have its secret path in the error", () => {
  const base = { directory: "/", userHome: undefined };
  const long = `https://hooks.example/${"s3cret".repeat(400)}`;
  for (
    const text of [
      ...["http://hooks.example/s3cret", "https:/s3cret space:x@", "htps://hooks.example/s3cret"],
      ...["https://hooks.example/?key=s3cret#a", "https://u:s3cret@hooks.example/", long],
    ]
  ) {
    const result = validateSetting({ kind: "web-url" }, text, base);
    assert("problem" in result, text);
    assert.doesNotMatch(result.problem, /s3cret/);
  }
});
