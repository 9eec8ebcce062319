/**
 * The operations of the daemon that has served the page, by the client of its HTTP API. A refused token is
 * reported, so that the page asks for another one.
 *
 * @module
 */

import {
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  type EventsOptions,
} from "../../api_client/mod.ts";
import type { WatchKind } from "../../control/mod.ts";
import type { Token } from "./token.ts";

/** A version of a package of a publisher. */
export interface VersionOf {
  name: string;
  version: string;
  /** Publisher as `ed25519:BASE64`. */
  publisher?: string;
}

/** A publisher, a package or a range of versions to follow. */
export interface Followable {
  /** Publisher as `ed25519:BASE64`. */
  publisher: string;
  name?: string;
  range?: string;
}

/** The operations of the HTTP API that pages use. All reject with {@linkcode ApiError}. */
export class Api {
  /** The token, and whether one is asked for. */
  readonly token: Token;
  readonly #client: Client;
  readonly #options: ClientOptions & { fetch: typeof fetch };

  constructor(token: Token, fetchFunction: typeof fetch) {
    this.token = token;
    this.#options = { baseUrl: "", token: () => token.current.value, fetch: fetchFunction };
    this.#client = createClient(this.#options);
  }

  readonly status = (signal?: AbortSignal) =>
    this.#read(this.#client.get("/v1/status", { signal }));
  readonly overview = (signal?: AbortSignal) =>
    this.#read(this.#client.get("/v1/overview", { signal }));
  readonly history = (signal?: AbortSignal) =>
    this.#read(this.#client.get("/v1/history", { signal }));
  readonly publishers = (signal?: AbortSignal) =>
    this.#read(this.#client.get("/v1/publishers", { signal }));
  readonly dht = (signal?: AbortSignal) => this.#read(this.#client.get("/v1/dht", { signal }));
  readonly settings = (signal?: AbortSignal) =>
    this.#read(this.#client.get("/v1/settings", { signal }));
  readonly logs = (signal?: AbortSignal) => this.#read(this.#client.get("/v1/logs", { signal }));

  /** Describes a version of a package. */
  package({ name, version, publisher }: VersionOf, signal?: AbortSignal) {
    const options = { params: { name, version }, query: { publisher }, signal };
    return this.#read(this.#client.get("/v1/packages/{name}/{version}", options));
  }

  /** Removes a version of a package from the seed directory. */
  remove({ name, version, publisher }: VersionOf) {
    const options = { params: { name, version }, query: { publisher } };
    return this.#change(this.#client.delete("/v1/packages/{name}/{version}", options));
  }

  /** Verifies and seeds an archive. */
  add(archive: Blob) {
    return this.#change(this.#client.post("/v1/archives", { archive }));
  }

  /** Announces packages again; without arguments, everything. */
  announce(packages?: { name: string; version?: string }[]) {
    return this.#change(this.#client.post("/v1/announce", { body: { packages } }));
  }

  /** Follows a publisher, a package of it, or versions of the package. */
  follow(body: Followable) {
    return this.#change(this.#client.post("/v1/publishers", { body }));
  }

  /** Ends following. */
  unfollow({ publisher, name, range }: Followable) {
    const options = { params: { key: publisher }, query: { name, range } };
    return this.#change(this.#client.delete("/v1/publishers/{key}", options));
  }

  /** Lets the daemon read the settings again. */
  reload() {
    return this.#change(this.#client.post("/v1/reload"));
  }

  /** Ends the daemon. */
  stop() {
    return this.#change(this.#client.post("/v1/stop"));
  }

  /** Reads a long list as text in parts, for pages that parse it in slices. */
  async *parts(
    list: "packages" | "records" | "names",
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    const { fetch } = this.#options;
    let body: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
    // The client makes the request, and the errors of a refused one. It gets an empty list in place of the
    // real one, because it would parse that at once.
    const client = createClient({
      ...this.#options,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (!response.ok) return response;
        ({ body } = response);
        return new Response("[]");
      },
    });
    await this.#read(client.get(`/v1/${list}`, { signal }));
    if (body === null) return;
    const stream = body as ReadableStream<Uint8Array<ArrayBuffer>>;
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  /** Returns the events of the daemon, until they end or the signal is aborted. */
  async *events<Kind extends WatchKind>(options: EventsOptions<Kind>) {
    const sent = this.token.current.value;
    try {
      yield* this.#client.events(options);
    } catch (error) {
      this.#notice(error, "read", sent);
      throw error;
    }
  }

  async #read<T>(answer: Promise<T>): Promise<T> {
    const sent = this.token.current.value;
    return await answer.catch((error) => {
      this.#notice(error, "read", sent);
      throw error;
    });
  }

  async #change<T>(answer: Promise<T>): Promise<T> {
    const sent = this.token.current.value;
    return await answer.catch((error) => {
      this.#notice(error, "change", sent);
      throw error;
    });
  }

  #notice(error: unknown, reason: "read" | "change", sent: string | undefined): void {
    if (error instanceof ApiError && error.status === 401) this.token.ask(reason, sent);
  }
}
