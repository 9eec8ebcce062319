/**
 * A control socket with operations that a test chooses, and raw connections to it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError } from "../../../src/base/mod.ts";
import type { StatusJson } from "../../../src/control/answers.ts";
import { homePaths } from "../../../src/control/mod.ts";
import { type Operations } from "../../../src/control/operations.ts";
import { serveControl } from "../../../src/control/server.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";

/** A status of which only a few fields are there. */
export const status = { pid: 42, daemon: true, port: 6881 } as StatusJson;

/**
 * Serves the given operations on a control socket in a temporary home. The clock is a fake that the
 * test advances.
 */
export async function served(operations: Partial<Operations> = {}) {
  const home = await temporaryHome();
  const path = homePaths(home.path).control;
  const clock = new FakeClock();
  const all = { status: () => Promise.resolve(status), ...operations } as unknown as Operations;
  const server = await serveControl(path, all, clock);
  const http = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return {
    ...{ home: home.path, path, clock, server },
    async ask(method: string, pathname: string, body?: BodyInit) {
      const response = await fetch(`http://127.0.0.1${pathname}`, { method, body, client: http });
      const text = await response.text();
      return { status: response.status, text, lines: text.trimEnd().split("\n") };
    },
    async [Symbol.asyncDispose]() {
      http.close();
      await server.close();
      assert.equal(clock.timers, 0);
      await home.remove();
    },
  };
}

/** Opens a raw connection to the control socket, on which the test writes arbitrary text. */
export async function raw(path: string) {
  const connection = await Deno.connect({ transport: "unix", path });
  return {
    say: async (text: string) => void await connection.write(new TextEncoder().encode(text)),
    /** Returns all data received until the connection closes, or until the data match `pattern`. */
    async hear(pattern?: RegExp): Promise<string> {
      const decoder = new TextDecoder();
      const buffer = new Uint8Array(65_536);
      let text = "";
      while (!pattern?.test(text)) {
        const count = await connection.read(buffer);
        if (count === null) break;
        text += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
      return text;
    },
    close: () => connection.close(),
    [Symbol.dispose]: () => {
      try {
        connection.close();
      } catch {
        // The connection is closed already.
      }
    },
  };
}

/** Returns the error with which a promise rejects. */
export async function failure(promise: Promise<unknown>): Promise<LibreseedError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert(error instanceof LibreseedError, `${error}`);
  return error;
}
