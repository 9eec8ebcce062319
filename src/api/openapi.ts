/**
 * Makes the OpenAPI 3.1 description of the HTTP API from the table of routes.
 *
 * @module
 */

import { toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { version } from "../base/mod.ts";
import type { Method, Route } from "./route.ts";
import { routes } from "./routes.ts";
import { components, errorSchema } from "./schemas/mod.ts";

type Json = Record<string, unknown>;

/** Media type of a received archive. */
const ARCHIVE_TYPE = "application/gzip";

/** Returns the description, an OpenAPI 3.1 document. */
export function openApi(): Json {
  const paths: Record<string, Json> = {};
  for (const [key, row] of Object.entries(routes)) {
    const [method, path] = key.split(" ") as [Method, string];
    (paths[path] ??= {})[method.toLowerCase()] = operationOf(row as unknown as Route, method, path);
  }
  paths["/v1/openapi.json"] = {
    get: {
      operationId: "openapi",
      summary: "This description",
      security: security("read"),
      responses: { 200: described("The description", { type: "object" }), ...failures },
    },
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "libreseed",
      version,
      description:
        "The HTTP API of a libreseed daemon. Reading needs no token from the same machine.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: toJsonSchemaDefs({ ...components, Error: errorSchema }, options),
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

const options = {
  target: "draft-2020-12",
  typeMode: "input",
  errorMode: "throw",
  overrideRef: ({ referenceId }: { referenceId: string }) => `#/components/schemas/${referenceId}`,
} as const;

/** Returns the JSON schema of a part, which refers to components by their names. */
function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _, $defs: __, ...rest } = toJsonSchema(schema, {
    ...options,
    definitions: { ...components, Error: errorSchema },
  });
  return rest as Json;
}

function operationOf(route: Route, method: Method, path: string): Json {
  const { summary, description, access, answer, archive, events, body } = route;
  const success = events
    ? {
      200: {
        description: "Events, until the client leaves",
        content: { "text/event-stream": { schema: { type: "string" } } },
      },
    }
    : answer
    ? { 200: described(summary, schemaOf(answer)) }
    : { 204: { description: "Done" } };
  return {
    operationId: operationIdOf(method, path),
    summary,
    ...(description && { description }),
    security: security(access),
    parameters: [
      ...parametersOf("path", route.params),
      ...parametersOf("query", route.query),
      ...(archive === "kept" ? [manifestHeader] : []),
    ],
    ...(body && {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(body) } } },
    }),
    ...(archive && { requestBody: { required: true, content: { [ARCHIVE_TYPE]: {} } } }),
    responses: { ...success, ...failures },
    // OpenAPI 3.1 has no way to describe an event of a stream.
    ...(events && { "x-event": schemaOf(answer!) }),
  };
}

const manifestHeader = {
  name: "Libreseed-Manifest",
  in: "header",
  required: false,
  description: "Base64 of the minimal manifest of the archive",
  schema: { type: "string" },
};

const failures = {
  default: described("The request failed", { $ref: "#/components/schemas/Error" }),
};

function described(description: string, schema: Json): Json {
  return { description, content: { "application/json": { schema } } };
}

/** Reading needs no token from the same machine. */
function security(access: Route["access"]): Json[] {
  return access === "read" ? [{}, { token: [] }] : [{ token: [] }];
}

function parametersOf(where: "path" | "query", schema: v.GenericSchema | undefined): Json[] {
  const { entries = {} } = (schema ?? {}) as { entries?: Record<string, v.GenericSchema> };
  return Object.entries(entries).map(([name, entry]) => ({
    name,
    in: where,
    required: entry.type !== "optional",
    schema: schemaOf(entry),
    // Items of an array are separated by commas.
    ...(where === "query" && { style: "form", explode: false }),
  }));
}

/** Makes an identifier from method and path: `getPackagesNameVersion`. */
function operationIdOf(method: Method, path: string): string {
  const words = path.replace("/v1/", "").match(/\w+/g)!;
  return method.toLowerCase() +
    words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}
