import assert from "node:assert/strict";
import { prototypeOf } from "../../../../src/engine/libraries/override.ts";

class Library {
  known(): void {}
}

Deno.test("a method that a library's class has not is named when the class is taken over", () => {
  assert.equal(prototypeOf<Library>(Library, ["known"]), Library.prototype);
  assert.throws(
    () => prototypeOf<{ gone(): void }>(Library, ["gone"]),
    /Library has no method gone any more/,
  );
});
