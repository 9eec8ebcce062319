/**
 * An HTTP server of the daemon with operations that a test hands in, and clients that send arbitrary text.
 *
 * @module
 */

import type { Operations, RecordJson, StatusJson } from "../../src/control/mod.ts";
import { bodyLimits } from "../../src/host/http/body.ts";
import { eventLimits } from "../../src/host/http/events.ts";
import { type PageOptions, serveHttpPage } from "../../src/host/http/page.ts";
import { systemClock } from "../../src/base/mod.ts";
import { eventually } from "./engines.ts";

/** The token that {@linkcode site} accepts. */
export const TOKEN = "t".repeat(43);

/** Serves the operations at 127.0.0.1. `calls` has the name and the request of each call of one. */
export function site(
  operations: Partial<Operations> = {},
  options: Partial<PageOptions> & { remoteHost?: string } = {},
) {
  const calls: [string, unknown][] = [];
  const noted = Object.fromEntries(
    Object.entries(operations).map(([name, method]) => [
      name,
      (request: unknown, more: unknown) => {
        calls.push([name, request]);
        return (method as (...all: unknown[]) => unknown)(request, more);
      },
    ]),
  );
  const { remoteHost, ...rest } = options;
  const page = serveHttpPage({
    address: { host: "127.0.0.1", port: 0 },
    hosts: ["seed.example"],
    operations: {
      settings: () => Promise.resolve([]),
      status: () => Promise.resolve({ dht: { state: "on" }, dhtNodes: 9 } as StatusJson),
      records: () => Promise.resolve([] as RecordJson[]),
      dht: () => Promise.resolve({ families: [] }),
      ...noted,
    },
    clock: systemClock,
    token: () => Promise.resolve(TOKEN),
    ...(remoteHost !== undefined && { listen: (at) => seenFrom(remoteHost, Deno.listen(at)) }),
    ...rest,
  });
  const { port } = page.address;
  let closed: Promise<void> | undefined;
  const baseUrl = `http://127.0.0.1:${port}`;
  return {
    page,
    port,
    calls,
    baseUrl,
    fetch: (path: string, init?: RequestInit) => fetch(baseUrl + path, init),
    /** Sends a request whose fields are given as they are, and returns the whole answer. */
    async raw(head: string, body: string | Uint8Array = ""): Promise<string> {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      try {
        const text = new TextEncoder().encode(head.replaceAll("\n", "\r\n") + "\r\n\r\n");
        await connection.write(text);
        if (body.length > 0) {
          const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
          for (let at = 0; at < bytes.length;) {
            const count = await connection.write(bytes.subarray(at)).catch(() => undefined);
            if (count === undefined) break;
            at += count;
          }
        }
        let heard = "";
        const decoder = new TextDecoder();
        const buffer = new Uint8Array(65_536);
        for (;;) {
          const count = await connection.read(buffer).catch(() => null);
          if (count === null) return heard;
          heard += decoder.decode(buffer.subarray(0, count), { stream: true });
        }
      } finally {
        connection.close();
      }
    },
    /** Ends the server, once. */
    close: () => closed ??= page.close(),
    [Symbol.asyncDispose]: () => closed ??= page.close(),
  };
}

/** Limits that tests need not wait for. */
export const shortLimits = {
  bodyLimits: { ...bodyLimits, jsonMs: 300, silenceMs: 300 },
  eventLimits: { ...eventLimits, streams: 3, withToken: 1, heartbeatMs: 50, unreadBytes: 65_536 },
};

/** A listener whose connections seem to come from another address. */
function seenFrom(hostname: string, listener: Deno.TcpListener): Deno.TcpListener {
  return new Proxy(listener, {
    get(target, key) {
      if (key === "accept") {
        return async () => {
          const connection = await target.accept();
          const remoteAddr = { ...connection.remoteAddr, hostname };
          return new Proxy(connection, {
            get: (one, name) => name === "remoteAddr" ? remoteAddr : bound(one, name),
          });
        };
      }
      return bound(target, key);
    },
  });
}

function bound(target: object, key: string | symbol): unknown {
  const value = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
}

export { eventually };
