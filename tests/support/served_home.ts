/**
 * A {@linkcode FakeHome} behind the daemon's real HTTP server, with the dashboard.
 *
 * @module
 */

import { systemClock } from "../../src/base/mod.ts";
import type { Operations } from "../../src/control/mod.ts";
import { serveHttpPage } from "../../src/host/http/mod.ts";
import type { FakeHome } from "./fake_home.ts";

/** Token of the served home. */
export const TOKEN = "fake-home-token-of-thirty-two-bytes-123456789";

/** A served home. */
export interface ServedHome extends AsyncDisposable {
  /** Address of the page, without a slash at the end. */
  origin: string;
}

/** Serves a home at a free port of 127.0.0.1. */
export function serveHome(home: FakeHome): ServedHome {
  const server = serveHttpPage({
    address: { host: "127.0.0.1", port: 0 },
    hosts: [],
    operations: home.operations as Operations,
    clock: systemClock,
    token: () => Promise.resolve(TOKEN),
  });
  return {
    origin: `http://127.0.0.1:${server.address.port}`,
    [Symbol.asyncDispose]: () => server.close(),
  };
}
