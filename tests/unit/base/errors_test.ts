import assert from "node:assert/strict";
import { errorToData, messageOf } from "../../../src/base/mod.ts";

Deno.test("a message has none of the flags that Deno advises", () => {
  const fromSources = new Deno.errors.NotCapable(
    'Requires read access to "/a, b", run again with the --allow-read flag',
  );
  const compiled = new Deno.errors.NotCapable(
    'Requires net access to "x:1", specify the required permissions during compilation using ' +
      "`deno compile --allow-net`",
  );
  assert.equal(messageOf(fromSources), 'Requires read access to "/a, b"');
  assert.equal(errorToData(compiled).message, 'Requires net access to "x:1"');
});

Deno.test("the message of an error that Deno does not make stays as it is", () => {
  const message = "no room, run again with the --allow-read flag";
  assert.equal(messageOf(new Error(message)), message);
  assert.equal(messageOf("a text"), "a text");
});

Deno.test("Deno's refusal of /proc is explained", () => {
  const refusal = new Deno.errors.NotCapable(
    'Requires all access to "/proc/1/environ", run again with the --allow-all flag',
  );
  assert.match(messageOf(refusal), /may not go to \/dev, \/proc and \/sys/);
});
