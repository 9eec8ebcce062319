/**
 * Typed access to the HTTP API of the daemon that has served the page.
 *
 * @module
 */

import type {
  Announced,
  DhtJson,
  FollowedJson,
  HistoryJson,
  LogsJson,
  NameJson,
  OverviewJson,
  PackageDetailsJson,
  PackageJson,
  PublisherJson,
  RecordJson,
  ReloadedJson,
  SettingJson,
  StatusJson,
  WatchKind,
} from "../../control/mod.ts";
import type { Token } from "./token.ts";

/** A request that the daemon has refused, or that has not reached it. */
export class ApiError extends Error {
  override name = "ApiError";
  /** HTTP status; 0 if the daemon has not answered. */
  readonly status: number;
  /** Code of the error as in the answer: `NOT_FOUND`; `OFFLINE` if the daemon has not answered. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A version of a package of a publisher. */
export interface VersionOf {
  name: string;
  version: string;
  /** Publisher as `ed25519:BASE64`. */
  publisher?: string;
}

/** What to follow. */
export interface Followable {
  /** Publisher as `ed25519:BASE64`. */
  publisher: string;
  name?: string;
  range?: string;
}

interface Call {
  method?: "GET" | "POST" | "DELETE";
  query?: Record<string, string | undefined>;
  body?: unknown;
  signal?: AbortSignal;
}

/** The operations of the HTTP API. All reject with {@linkcode ApiError}. */
export class Api {
  /** The token, and whether one is asked for. */
  readonly token: Token;
  readonly #fetch: typeof fetch;

  constructor(token: Token, fetchFunction: typeof fetch) {
    this.token = token;
    this.#fetch = fetchFunction;
  }

  readonly status = (signal?: AbortSignal) => this.#json<StatusJson>("status", { signal });
  readonly overview = (signal?: AbortSignal) => this.#json<OverviewJson>("overview", { signal });
  readonly history = (signal?: AbortSignal) => this.#json<HistoryJson>("history", { signal });
  readonly packages = (signal?: AbortSignal) => this.#json<PackageJson[]>("packages", { signal });
  readonly records = (signal?: AbortSignal) => this.#json<RecordJson[]>("records", { signal });
  readonly publishers = (signal?: AbortSignal) =>
    this.#json<PublisherJson[]>("publishers", { signal });
  readonly names = (signal?: AbortSignal) => this.#json<NameJson[]>("names", { signal });
  readonly dht = (signal?: AbortSignal) => this.#json<DhtJson>("dht", { signal });
  readonly settings = (signal?: AbortSignal) => this.#json<SettingJson[]>("settings", { signal });

  /** Returns lines of the log after the line with the number `after`. */
  logs({ after, limit }: { after?: number; limit?: number } = {}, signal?: AbortSignal) {
    const query = { after: after?.toString(), limit: limit?.toString() };
    return this.#json<LogsJson>("logs", { query, signal });
  }

  /** Describes a version of a package. */
  package(version: VersionOf, signal?: AbortSignal) {
    return this.#json<PackageDetailsJson>(pathOf(version), { query: queryOf(version), signal });
  }

  /** Removes a version of a package from the seed directory. */
  remove(version: VersionOf) {
    return this.#json<unknown>(pathOf(version), { method: "DELETE", query: queryOf(version) });
  }

  /** Verifies and seeds an archive. */
  add(archive: Blob) {
    return this.#json<PackageJson>("archives", { method: "POST", body: archive });
  }

  /** Announces packages again; without arguments, everything. */
  announce(packages?: { name: string; version?: string }[]) {
    return this.#json<Announced[]>("announce", { method: "POST", body: { packages } });
  }

  follow(what: Followable) {
    return this.#json<FollowedJson>("publishers", { method: "POST", body: what });
  }

  unfollow({ publisher, name, range }: Followable) {
    const path = `publishers/${encodeURIComponent(publisher)}`;
    return this.#json<FollowedJson>(path, { method: "DELETE", query: { name, range } });
  }

  /** Reads the settings again. */
  reload() {
    return this.#json<ReloadedJson>("reload", { method: "POST" });
  }

  /** Ends the daemon. */
  stop() {
    return this.#json<unknown>("stop", { method: "POST" });
  }

  /** Opens the stream of events (server-sent events). */
  events(kinds: readonly WatchKind[], signal: AbortSignal): Promise<Response> {
    return this.#call("events", { query: { kinds: kinds.join(",") }, signal });
  }

  async #json<T>(path: string, call: Call): Promise<T> {
    const response = await this.#call(path, call);
    if (response.status === 204) return undefined as T;
    return await response.json();
  }

  async #call(path: string, { method = "GET", query = {}, body, signal }: Call): Promise<Response> {
    const url = new URL(`/v1/${path}`, location.origin);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const headers = new Headers();
    const token = this.token.current.value;
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    const isFile = body instanceof Blob;
    if (body !== undefined) {
      headers.set("content-type", isFile ? "application/gzip" : "application/json");
    }
    const response = await this.#fetch(url, {
      method,
      headers,
      signal,
      body: body === undefined || isFile ? body : JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
    }).catch((error: Error) => {
      if (signal?.aborted) throw error;
      throw new ApiError(0, "OFFLINE", "The daemon does not answer");
    });
    if (response.ok) return response;
    const { code, message } = await errorOf(response);
    if (response.status === 401) this.token.ask(method === "GET" ? "read" : "change");
    throw new ApiError(response.status, code, message);
  }
}

function pathOf({ name, version }: VersionOf): string {
  return `packages/${encodeURIComponent(name)}/${encodeURIComponent(version)}`;
}

function queryOf({ publisher }: VersionOf): Record<string, string | undefined> {
  return { publisher };
}

async function errorOf(response: Response): Promise<{ code: string; message: string }> {
  const text = await response.text().catch(() => "");
  try {
    const { code, message } = JSON.parse(text).error;
    return { code: String(code), message: String(message) };
  } catch {
    return { code: "HTTP", message: text.trim() || `The daemon answered ${response.status}` };
  }
}
