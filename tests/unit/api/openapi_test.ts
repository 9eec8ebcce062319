/** Tests the OpenAPI description and the rows of the table from which it is made. */

import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { findRoute, routes } from "../../../src/api/mod.ts";
import { openApi } from "../../../src/api/openapi.ts";
import { operationNames } from "../../../src/control/operations.ts";

type Row = { access: string; operation: string; answer?: unknown };
const rows = Object.entries(routes) as unknown as [string, Row][];

Deno.test("the description is valid OpenAPI 3.1, and describes each route", async () => {
  const description = openApi() as { paths: Record<string, Record<string, unknown>> };
  assert.deepEqual(await new Validator().validate(structuredClone(description)), { valid: true });
  const described = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  const expected = [...rows.map(([key]) => key), "GET /v1/openapi.json"];
  assert.deepEqual(described.sort(), expected.sort());
  assert(!JSON.stringify(description).includes("#/$defs"));
});

Deno.test("no GET changes anything, and each row names an operation", () => {
  for (const [key, { access, operation }] of rows) {
    assert.equal(access, key.startsWith("GET ") ? "read" : "change", key);
    assert((operationNames as string[]).includes(operation), key);
  }
});

Deno.test("each route is found by its path, and no path has two", () => {
  for (const [key] of rows) {
    const [method, template] = key.split(" ") as [string, string];
    assert.equal(findRoute(method, template.replace(/\{\w+\}/g, "a%2Fb")).key, key);
  }
  const { params } = findRoute("HEAD", "/v1/packages/%40a%2Fb/1.0.0");
  assert.deepEqual(params, { name: "@a/b", version: "1.0.0" });
});
