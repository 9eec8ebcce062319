import assert from "node:assert/strict";
import { linesByRoom, report } from "../../../scripts/coverage.ts";

const LCOV = `SF:/checkout/src/host/a.ts
DA:1,1
LH:9
LF:10
end_of_record
SF:/checkout/src/host/b.ts
LH:8
LF:10
end_of_record
SF:/checkout/src/host/http/c.ts
LH:1
LF:10
end_of_record
SF:/checkout/src/engine/libraries/shims/x/index.js
LH:0
LF:10
end_of_record
SF:/checkout/main.ts
LH:0
LF:10
end_of_record
`;

Deno.test("coverage counts lines per room, and only of sources", () => {
  assert.deepEqual(linesByRoom(LCOV, "/checkout"), [
    { room: "host", found: 20, hit: 17 },
    { room: "host/http", found: 10, hit: 1 },
  ]);
});

Deno.test("the report names a room below the threshold", () => {
  const { text, low } = report(linesByRoom(LCOV, "/checkout"));
  assert.deepEqual(low, ["host/http"]);
  assert.match(text, /^host +17 of +20 +85\.0 %$/m);
});

Deno.test("an empty room is complete", () => {
  assert.deepEqual(report([{ room: "a", found: 0, hit: 0 }]).low, []);
});

Deno.test("the report names a room of which no line ran", () => {
  assert.deepEqual(report(linesByRoom(LCOV, "/checkout"), ["dht", "host"]).low, [
    "dht",
    "host/http",
  ]);
});
