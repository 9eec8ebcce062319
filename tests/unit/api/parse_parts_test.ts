/** Tests that a request is refused exactly where the OpenAPI description draws the line, on each route. */

import assert from "node:assert/strict";
import { findRoute } from "../../../src/api/mod.ts";
import { openApi } from "../../../src/api/openapi.ts";
import { parseParts } from "../../../src/api/parse_parts.ts";
import type { Route } from "../../../src/api/route.ts";

interface Schema {
  type: string;
  items?: Schema;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: Schema;
}

type Described = { parameters?: Parameter[] };

/** The routes with the parameters of their paths and queries, as the description has them. */
const described = Object.entries(openApi().paths as Record<string, Record<string, Described>>)
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      key: `${method.toUpperCase()} ${path}`,
      parameters: parameters.filter((parameter) => parameter.in !== "header"),
    }))
  ).filter(({ key }) => key !== "GET /v1/openapi.json");

/** Returns texts that a schema just accepts, and texts that it just refuses. */
function edgesOf(schema: Schema, label: string): { accepted: string[]; refused: string[] } {
  if (schema.type === "integer") {
    const { minimum, maximum } = schema;
    assert(minimum !== undefined && maximum !== undefined, `${label} has bounds`);
    return {
      accepted: [`${minimum}`, `${maximum}`, `00${minimum}`],
      refused: [`${minimum - 1}`, `${BigInt(maximum) + 1n}`, "1.5", "1e1", " 1", "x", ""],
    };
  }
  if (schema.type === "array") {
    const { enum: names = [] } = schema.items!;
    assert(names.length > 0, `${label} lists its items`);
    return { accepted: [...names, names.join()], refused: ["", "x", `${names[0]},`] };
  }
  const { type, minLength = 0, maxLength } = schema;
  assert(type === "string" && maxLength !== undefined, `${label} has a maximum length`);
  return {
    accepted: ["a".repeat(minLength), "a".repeat(maxLength)],
    refused: ["a".repeat(maxLength + 1), ...(minLength > 0 ? ["a".repeat(minLength - 1)] : [])],
  };
}

/** Whether a request with one parameter set to a text, and the others to texts in bounds, is accepted. */
function accepts(key: string, parameters: Parameter[], name?: string, text = ""): boolean {
  const [method, path] = key.split(" ") as [string, string];
  const { route } = findRoute(method, path);
  const params: Record<string, string> = {};
  const query = new URLSearchParams();
  for (const parameter of parameters) {
    const value = parameter.name === name ? text : parameter.required ? "a" : undefined;
    if (value === undefined) continue;
    if (parameter.in === "path") params[parameter.name] = value;
    else query.set(parameter.name, value);
  }
  if (name !== undefined && !parameters.some((parameter) => parameter.name === name)) {
    query.set(name, text);
  }
  // Only path and query are looked at, not the body.
  const { body: _, ...withoutBody } = route as unknown as Route;
  try {
    parseParts(withoutBody, { params, query: query.toString() });
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, "API_REQUEST");
    return false;
  }
}

Deno.test("a parameter is refused beyond the bounds of the description", () => {
  let checked = 0;
  for (const { key, parameters } of described) {
    for (const { name, schema } of parameters) {
      const { accepted, refused } = edgesOf(schema, `${key} ${name}`);
      const shown = (text: string) => `${key}: ${name}=${text.slice(0, 20)} (${text.length})`;
      for (const text of accepted) assert(accepts(key, parameters, name, text), shown(text));
      for (const text of refused) assert(!accepts(key, parameters, name, text), shown(text));
      checked++;
    }
  }
  assert(checked >= 10, `${checked} parameters`);
});

Deno.test("parameters that are not required may be absent, unknown ones are refused", () => {
  for (const { key, parameters } of described) {
    assert(accepts(key, parameters), key);
    for (const name of ["other", "__proto__", "constructor"]) {
      assert(!accepts(key, parameters, name, "1"), `${key}: ${name}`);
    }
  }
});
