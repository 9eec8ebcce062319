/**
 * The result of a check of `doctor` that threw: it contains the error's message, without advice
 * that contradicts it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ControlError } from "../../../src/control/errors.ts";
import { checkFailed } from "../../../src/doctor/check.ts";
import { homeInUse } from "../../../src/host/node.ts";
import { temporaryHome } from "../../support/mod.ts";

Deno.test("a home in use is a warning, and the advice is to wait for the process that has it", async () => {
  await using home = await temporaryHome();
  const { verdict, what, mend } = checkFailed(await homeInUse(home.path, `${home.path}/none`));
  assert.equal(verdict, "warn");
  assert.match(what, /^The home .* is in use by another process$/);
  assert.equal(mend, "run doctor again once that process has ended");
});

Deno.test("an error of libreseed keeps its message and gets no further advice", () => {
  const message = "The port 6881 has no name. Choose another --port";
  const check = checkFailed(new ControlError("failed", "UNKNOWN", message));
  assert.deepEqual(check, { name: "doctor", verdict: "fail", about: "machine", what: message });
  const { about } = checkFailed(new ControlError("network", "DHT_UNREACHABLE", "no answer"));
  assert.equal(about, "network");
});

Deno.test("denied access gets the advice to make the file readable; other errors get none", () => {
  const denied = new Deno.errors.PermissionDenied("open '/home/a/x'");
  assert.match(checkFailed(denied).mend!, /make what it names readable/);
  const coded = Object.assign(new Error("EACCES: open '/home/a/x'"), { code: "EACCES" });
  assert.match(checkFailed(coded).mend!, /make what it names readable/);
  const full = Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  assert.deepEqual([checkFailed(full).what, checkFailed(full).mend], [full.message, undefined]);
});
