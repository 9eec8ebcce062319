/**
 * Finds the row of the table for the method and the path of a request.
 *
 * @module
 */

import { HttpApiError } from "./errors.ts";
import type { Route, RouteKey } from "./route.ts";
import { routes } from "./routes.ts";

/** A row, and the parameters in the path. */
export interface FoundRoute {
  key: RouteKey;
  route: Route;
  params: Record<string, string>;
}

/** The rows of the table, with their templates split at slashes. */
const templates = Object.entries(routes).map(([key, route]) => {
  const [method, template] = key.split(" ") as [string, string];
  return { key: key as RouteKey, route: route as unknown as Route, method, parts: split(template) };
});

/**
 * Finds the route of a request. `HEAD` stands for `GET`.
 *
 * @param path path of the request, without query, as received
 * @throws {HttpApiError} `API_ROUTE`, `API_METHOD`; `API_REQUEST` for broken percent-encoding
 */
export function findRoute(method: string, path: string): FoundRoute {
  const parts = split(path);
  const ofPath = templates.filter((one) => fits(one.parts, parts));
  const found = ofPath.find((one) => one.method === (method === "HEAD" ? "GET" : method));
  if (found) {
    const { key, route } = found;
    const pairs = found.parts.flatMap((part, at) =>
      part.startsWith("{") ? [[part.slice(1, -1), decoded(parts[at]!)]] : []
    );
    return { key, route, params: Object.fromEntries(pairs) };
  }
  if (ofPath.length === 0) {
    throw new HttpApiError(
      "API_ROUTE",
      "There is no such route; GET /v1/openapi.json describes all",
    );
  }
  const allow = ofPath.flatMap(({ method }) => method === "GET" ? ["GET", "HEAD"] : [method]);
  throw new HttpApiError(
    "API_METHOD",
    `This path takes ${allow.join(", ")}, not ${method}`,
    { allow: allow.join(", ") },
  );
}

function split(path: string): string[] {
  return path.split("/");
}

function fits(template: readonly string[], parts: readonly string[]): boolean {
  return template.length === parts.length &&
    template.every((part, at) => part.startsWith("{") ? parts[at] !== "" : part === parts[at]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpApiError("API_REQUEST", "The path has broken percent-encoding");
  }
}
