/**
 * Makes the WebTorrent client: what of it is used and what is switched off.
 *
 * @module
 */

import { BlockList, isIP, isIPv6 } from "node:net";
import WebTorrent from "webtorrent";
import type { DhtHost } from "./dht/mod.ts";
import { DialBudget, isTestHost } from "./dial/mod.ts";
import type { EngineOptions } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { acceptReading, type Client, OwnDials } from "./libraries/mod.ts";
import { ConnectionLimit, watchListener } from "./listen/mod.ts";

/** Unless the options say otherwise. */
const MAX_INCOMING = 500;
/** On average; peers announce themselves at least every hour. */
const PEER_AGE_MS = 2 * 3_600_000;

/**
 * Addresses that mean "here" to the system (RFC 6890: this host on this network). A sandbox that may
 * listen on any port may also connect to them on any port, and a hostile peer may name them.
 */
const unspecified = new BlockList();
unspecified.addSubnet("0.0.0.0", 8, "ipv4");
unspecified.addAddress("::", "ipv6");

function isUnspecified(host: string): boolean {
  return isIP(host) !== 0 && unspecified.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

/** Makes the client. It begins to listen at once. */
export function createClient(
  options: EngineOptions,
  port: number,
  dht: DhtHost | undefined,
): Client {
  const client = new WebTorrent({
    torrentPort: port,
    dht: dht
      ? {
        krpc: dht.krpc,
        // The host fills the table itself, when the socket is open.
        bootstrap: false,
        // Of peers. Without it they would be named for ever.
        maxAge: PEER_AGE_MS,
      }
      : false,
    tracker: false,
    lsd: false,
    natUpnp: false,
    natPmp: false,
    // uTP would want the UDP port, which is the DHT's.
    utp: false,
    webSeeds: false,
    seedOutgoingConnections: false,
    maxConns: options.maxConnections,
    uploadLimit: options.uploadLimit,
    downloadLimit: options.downloadLimit,
  } as never) as unknown as Client;
  client.blocked = { contains: isUnspecified };
  client.dials = new OwnDials(
    new DialBudget({
      clock: options.clock,
      isFree: options.isFreeHost ?? isTestHost,
      ownPort: () => client.torrentPort,
    }),
  );
  guardListener(client, options);
  // Peers are announced and looked for by the manager, on its schedule and budget, with an outcome.
  if (client.dht) {
    client.dht.announce = (_infoHash, _port, done) => queueMicrotask(() => done?.());
  }
  return client;
}

/** Bounds what comes in, of which we hear first, and keeps the listener from becoming deaf. */
function guardListener(client: Client, { clock, maxIncoming = MAX_INCOMING }: EngineOptions): void {
  const { tcpServer, _onTCPConnectionBound } = client._connPool;
  const limit = new ConnectionLimit(maxIncoming, clock);
  acceptReading(tcpServer, (connection) => {
    client.dials?.accepted(connection);
    if (limit.take(connection)) _onTCPConnectionBound(connection);
  });
  const watch = watchListener(tcpServer, () => client.torrentPort, clock);
  // Listening anew closes it too.
  tcpServer.on("close", () => client.destroyed && watch.cancel());
}

/**
 * Waits until the client listens.
 *
 * @throws {EngineError} `TCP_PORT_IN_USE` (kind `in-use`), `TCP_PORT_FAILED`
 */
export function listening(client: Client, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error & { code?: string }) => {
      const taken = error.code === "EADDRINUSE";
      reject(
        new EngineError(
          taken ? "in-use" : "failed",
          taken ? "TCP_PORT_IN_USE" : "TCP_PORT_FAILED",
          taken
            ? `TCP port ${port} is taken by another program. Choose another with --port, or end that program`
            : `TCP port ${port} cannot be opened: ${error.message}`,
          { cause: error, detail: { port } },
        ),
      );
    };
    client.once("error", onError);
    client.once("listening", () => {
      client.removeListener("error", onError);
      resolve();
    });
  });
}
