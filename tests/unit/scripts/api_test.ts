/** The generated part of docs/api.md. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { apiPage } from "../../../scripts/api.ts";

Deno.test("the routes in docs/api.md are what `deno task api` writes", async () => {
  const path = join(import.meta.dirname!, "..", "..", "..", "docs", "api.md");
  const page = await Deno.readTextFile(path);
  assert.equal(page, await apiPage(page));
});
