/** The generated part of docs/commands.md. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { commandsPage } from "../../../scripts/commands.ts";

Deno.test("the flags in docs/commands.md are what `deno task commands` writes", async () => {
  const path = join(import.meta.dirname!, "..", "..", "..", "docs", "commands.md");
  const page = await Deno.readTextFile(path);
  assert.equal(page, await commandsPage(page), "run `deno task commands`");
  const other = page.replace("| `20`    |", "| `21`    |");
  assert.notEqual(other, page);
  assert.equal(await commandsPage(other), page, "a wrong default is written anew");
});
