/**
 * The token of the HTTP API, kept until the browser's tab is closed.
 *
 * @module
 */

import { Store } from "./store.ts";

/** Name under which the session storage of the tab has the token. */
const KEY = "libreseed-token";

/** The token and whether the page has to ask for one. */
export class Token {
  /** The token; `undefined` if the user has given none. */
  readonly current: Store<string | undefined>;
  /**
   * Why the user is asked for a token; `undefined` if he is not: `read` if the daemon shows nothing without
   * one, `change` if an action needs one, `refused` if the daemon does not know the given one.
   */
  readonly asked = new Store<"read" | "change" | "refused" | undefined>(undefined);
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.current = new Store(storage.getItem(KEY) ?? undefined);
  }

  /** Keeps a token that the user has given, and stops asking. */
  give(token: string): void {
    this.#storage.setItem(KEY, token);
    this.current.set(token);
    this.asked.set(undefined);
  }

  /** Forgets the token. */
  forget(): void {
    this.#storage.removeItem(KEY);
    this.current.set(undefined);
  }

  /**
   * Asks the user for a token, after the daemon has refused a request with the status 401.
   *
   * @param sent the token of the request; several requests may be refused for the same one
   */
  ask(reason: "read" | "change", sent: string | undefined): void {
    // Another token has been given since.
    if (this.current.value !== undefined && this.current.value !== sent) return;
    if (sent !== undefined) {
      this.forget();
      this.asked.set("refused");
    } else if (this.asked.value === undefined || this.asked.value === "change") {
      this.asked.set(reason);
    }
  }

  /** Stops asking without a token. */
  dismiss(): void {
    this.asked.set(undefined);
  }
}
