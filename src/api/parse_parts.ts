/**
 * Validates the parts of a request by the schemas of its route.
 *
 * @module
 */

import * as v from "valibot";
import { describeInvalid } from "../control/mod.ts";
import { HttpApiError } from "./errors.ts";
import type { Parts, Route } from "./route.ts";

/** The parts of a request, as received. */
export interface RawParts {
  params: Record<string, string>;
  /** The query, without the question mark. */
  query: string;
  /** The parsed JSON of the body; `undefined` if the body is empty. */
  body?: unknown;
  fileName?: string;
}

/**
 * Validates the parts of a request.
 *
 * @throws {HttpApiError} `API_REQUEST`, naming the part and the member that is not valid
 */
export function parseParts(
  route: Route,
  { params, query, body, fileName = "" }: RawParts,
): Parts<unknown, unknown, unknown> {
  return {
    params: parsed("path", route.params, params),
    query: parsed("query", route.query, queryOf(query, route.query)),
    body: parsed("body", route.body, body ?? {}),
    fileName,
  };
}

const nothing = v.strictObject({});

function parsed(part: string, schema: v.GenericSchema | undefined, value: unknown): unknown {
  // An object schema of valibot accepts an array.
  const given = Array.isArray(value) ? undefined : value;
  const result = v.safeParse(schema ?? nothing, given);
  if (result.success) return result.output;
  const message = describeInvalid(`The ${part} of the request`, result.issues[0]);
  throw new HttpApiError("API_REQUEST", message);
}

/**
 * Reads a query. A parameter of an array is split at commas; one of a number becomes a number.
 *
 * @throws {HttpApiError} `API_REQUEST` for a parameter that is there twice
 */
function queryOf(text: string, schema: v.GenericSchema | undefined): Record<string, unknown> {
  const { entries = {} } = (schema ?? {}) as { entries?: Record<string, v.GenericSchema> };
  // Without a prototype, a parameter `__proto__` is a member like others.
  const query: Record<string, unknown> = Object.create(null);
  for (const [key, value] of new URLSearchParams(text)) {
    if (key in query) {
      throw new HttpApiError("API_REQUEST", `The query has ${JSON.stringify(key)} twice`);
    }
    const type = Object.hasOwn(entries, key) ? typeOf(entries[key]!) : undefined;
    query[key] = type === "array"
      ? value.split(",")
      : type === "number" && /^\d+$/.test(value)
      ? Number(value)
      : value;
  }
  return { ...query };
}

/** The type of a schema within `optional`. */
function typeOf(schema: v.GenericSchema): string {
  const { wrapped } = schema as { wrapped?: v.GenericSchema };
  return wrapped ? typeOf(wrapped) : schema.type;
}
