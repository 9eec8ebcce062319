import assert from "node:assert/strict";
import { join } from "node:path";
import { drawnImports, levelsOf, pictures, roomsPicture } from "../../../scripts/pictures.ts";
import { rooms } from "../../support/rooms.ts";

const directory = join(import.meta.dirname!, "..", "..", "..", "docs", "pictures");

Deno.test("the pictures in docs/pictures are current with the layout test's tables", async () => {
  for (const [name, draw] of Object.entries(pictures)) {
    const current = await Deno.readTextFile(join(directory, name));
    assert.equal(current, draw(), `${name} is old: deno run -A scripts/pictures.ts`);
  }
});

Deno.test("every room has a box, and every import a chain of arrows", () => {
  const picture = roomsPicture();
  for (const room of Object.keys(rooms)) assert(picture.includes(`<rect id="${room}"`), room);
  const drawn = drawnImports(rooms);
  const follow = (room: string): string[] =>
    drawn.filter(([from]) => from === room).flatMap(([, to]) => [to, ...follow(to)]);
  for (const [room, { imports }] of Object.entries(rooms)) {
    const reached = follow(room);
    for (const other of imports) assert(reached.includes(other), `${room} to ${other}`);
  }
});

Deno.test("a room is drawn above every room that it imports", () => {
  const levels = levelsOf(rooms);
  for (const [room, { imports }] of Object.entries(rooms)) {
    for (const other of imports) assert(levels.get(room)! > levels.get(other)!, room);
  }
});

Deno.test("an import that other imports imply is not drawn", () => {
  const drawn = drawnImports({
    low: { runs: "shared", holds: "", imports: [] },
    middle: { runs: "shared", holds: "", imports: ["low"] },
    high: { runs: "shared", holds: "", imports: ["low", "middle"] },
  });
  assert.deepEqual(drawn, [["middle", "low"], ["high", "middle"]]);
});
