/** Tests the check of bearer tokens and its limit, with a clock that the test advances. */

import assert from "node:assert/strict";
import { TokenCheck } from "../../../../src/host/http/token_check.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const TOKEN = "t".repeat(43);

function checking() {
  const clock = new FakeClock();
  const warnings: string[] = [];
  const check = new TokenCheck({
    read: () => Promise.resolve(TOKEN),
    clock,
    onWarning: (message) => warnings.push(message),
  });
  const codeOf = (token: string, host: string) =>
    check.check(`Bearer ${token}`, host).then(() => "accepted", ({ code }) => code as string);
  return { clock, warnings, codeOf };
}

Deno.test("an address has ten attempts, and more with time; the right token always counts", async () => {
  const { clock, warnings, codeOf } = checking();
  for (let at = 0; at < 10; at++) assert.equal(await codeOf("guess", "192.0.2.1"), "API_TOKEN");
  assert.equal(await codeOf("guess", "192.0.2.1"), "API_TOKEN_LIMIT");
  assert.equal(warnings.length, 1);
  assert(!warnings[0]!.includes("guess"), "the token is not in the warning");
  assert.equal(await codeOf(TOKEN, "192.0.2.1"), "accepted");
  assert.equal(await codeOf("guess", "192.0.2.2"), "API_TOKEN", "another address");
  await clock.advance(5_000);
  assert.equal(await codeOf("guess", "192.0.2.1"), "API_TOKEN");
  assert.equal(await codeOf("guess", "192.0.2.1"), "API_TOKEN_LIMIT");
});

Deno.test("the addresses of one network of IPv6 have their attempts together", async () => {
  const { codeOf } = checking();
  const codes: string[] = [];
  for (let at = 0; at < 11; at++) codes.push(await codeOf("x", `2001:db8:0:1::${at + 1}`));
  assert.equal(codes.at(-1), "API_TOKEN_LIMIT");
  assert.equal(await codeOf("x", "2001:db8:0:2::1"), "API_TOKEN");
  assert.equal(await codeOf("x", "2001:db8::2:0:0:0:1"), "API_TOKEN");
});

Deno.test("an IPv4 address that is mapped to IPv6 has attempts of its own", async () => {
  const { codeOf } = checking();
  for (let at = 0; at < 10; at++) await codeOf("x", "::ffff:192.0.2.1");
  assert.equal(await codeOf("x", "192.0.2.1"), "API_TOKEN_LIMIT", "the same address");
  assert.equal(await codeOf("x", "::ffff:192.0.2.2"), "API_TOKEN", "another address");
});
