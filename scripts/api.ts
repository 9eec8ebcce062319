/**
 * Writes the routes and schemas of the HTTP API into `docs/api.md`, from the table in `src/api`:
 * `deno task api`. A test compares the page with the generated text.
 */

import { join } from "node:path";
import { openApi } from "../src/api/openapi.ts";
import { formatted, table } from "./markdown.ts";

const path = join(import.meta.dirname!, "..", "docs", "api.md");

/** The heading of the generated part, which ends the page. */
const HEADING = "## Routes";

/** The part of a JSON schema that the table of routes uses. */
interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | false;
  required?: string[];
  description?: string;
  pattern?: string;
  maximum?: number;
}

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  description?: string;
  schema: Schema;
}

interface Described {
  summary: string;
  description?: string;
  security: Record<string, unknown>[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
  "x-event"?: Schema;
}

/** Returns the page with its generated part written anew, formatted as by `deno fmt`. */
export async function apiPage(page: string): Promise<string> {
  const at = page.indexOf(`\n${HEADING}\n`);
  const written = at === -1 ? page : page.slice(0, at);
  const { paths, components } = openApi() as {
    paths: Record<string, Record<string, Described>>;
    components: { schemas: Record<string, Schema> };
  };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => routeText(method.toUpperCase(), path, one))
  );
  const schemas = Object.entries(components.schemas)
    .map(([name, schema]) => `### ${name}\n\n${schemaText(schema)}`);
  return await formatted(`${written.trimEnd()}

${HEADING}

\`deno task api\` writes this part from the table that the daemon itself serves; a test compares them.
\`GET /v1/openapi.json\` has the same as OpenAPI 3.1.

${routes.join("\n\n")}

## Schemas

Times are in Unix milliseconds, speeds in bytes a second. Members that are not in each answer are marked
with \`?\`. Later versions may add members.

${schemas.join("\n\n")}
`);
}

function routeText(method: string, path: string, route: Described): string {
  const { summary, description, security, parameters = [], requestBody, responses } = route;
  const event = route["x-event"];
  const answer = Object.values(responses[200]?.content ?? {})[0]?.schema;
  const body = Object.entries(requestBody?.content ?? {})[0];
  const needs = security.some((one) => Object.keys(one).length === 0)
    ? "Token: from other machines only."
    : "Token: always.";
  const answers = event
    ? `Answer: events of the schema ${typeText(event)}.`
    : answer
    ? `Answer: ${typeText(answer)}.`
    : "Answer: nothing (204).";
  const rows = parameters.map((one) => [
    `\`${one.name}\`${one.required ? "" : "?"}`,
    one.in,
    one.description ?? one.schema.description ?? typeText(one.schema),
  ]);
  const members = body?.[1].schema;
  return [
    `### ${method} ${path}`,
    `${summary}. ${description ?? ""}`.trim(),
    `${needs} ${answers}`,
    ...(rows.length > 0 ? [table(["parameter", "in", "what"], rows)] : []),
    ...(body && !members ? [`Body: an archive, \`${body[0]}\`.`] : []),
    ...(members ? [`Body, as JSON:\n\n${schemaText(members)}`] : []),
  ].join("\n\n");
}

function schemaText(schema: Schema): string {
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return variants.map(schemaText).join("\n\nOr:\n\n");
  return table(["member", "type"], rowsOf(schema, ""));
}

/** The members of an object, and those of the objects in it. */
function rowsOf({ properties = {}, required = [] }: Schema, before: string): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${before}${name}`;
    const row = [`\`${key}\`${required.includes(name) ? "" : "?"}`, typeText(schema)];
    const inner = schema.type === "array" ? schema.items! : schema;
    const suffix = schema.type === "array" ? "[]." : ".";
    const parts = inner.anyOf ?? inner.oneOf ?? [inner];
    return [row, ...parts.flatMap((one) => rowsOf(one, key + suffix))];
  });
}

function typeText(schema: Schema): string {
  const { $ref, type, items, anyOf, oneOf, description } = schema;
  if ($ref !== undefined) {
    const name = $ref.split("/").at(-1)!;
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.enum) return schema.enum.map((one) => `\`${JSON.stringify(one)}\``).join(", ");
  if ("const" in schema) return `\`${JSON.stringify(schema.const)}\``;
  if (type === "array") return `list of ${typeText(items!)}`;
  const variants = anyOf ?? oneOf;
  if (variants) return [...new Set(variants.map(typeText))].join(" or ");
  if (type === undefined) return "anything";
  // The largest safe integer says only that larger numbers cannot be told apart.
  const { maximum = Number.MAX_SAFE_INTEGER } = schema;
  const bound = maximum < Number.MAX_SAFE_INTEGER && `at most ${maximum.toLocaleString("en")}`;
  return [type, bound, description].filter((part) => part).join(", ");
}

if (import.meta.main) {
  await Deno.writeTextFile(path, await apiPage(await Deno.readTextFile(path)));
}
