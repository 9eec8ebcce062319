/**
 * Sandboxed engine workers for tests, started from the bundle. A worker is stopped at the end of
 * its block (`await using`).
 *
 * @module
 */

import { join } from "node:path";
import { startEngine } from "../../src/launcher/engine_thread.ts";
import type { AddressSurroundings } from "../../src/launcher/address_watch.ts";
import type { RouterSurroundings } from "../../src/launcher/router_access.ts";
import {
  connectWorker,
  type ReportData,
  type WorkerConnection,
  type WorkerEvent,
  type WorkerOptions,
  type WorkerStarted,
} from "../../src/worker/mod.ts";
import type { Testnet } from "../../src/testnet/mod.ts";
import { addressOf } from "./engines.ts";
import { freePort } from "./free_port.ts";

const BUNDLE = new URL("../../dist/worker.js", import.meta.url);

/** An engine worker with its own seed directory. */
export class TestWorker implements AsyncDisposable {
  readonly connection: WorkerConnection;
  readonly directory: string;
  readonly started: WorkerStarted;
  readonly events: WorkerEvent[];
  readonly failures: Error[];
  #isKilled = false;

  static async start(
    { allowLocal, testnet, router, lan = false, ...options }: Partial<WorkerOptions> & {
      allowLocal: boolean;
      testnet?: Testnet;
      /**
       * The way to a router and the addresses of this machine, in place of the system's. By default
       * there are none.
       */
      router?: Partial<RouterSurroundings & AddressSurroundings>;
    },
  ): Promise<TestWorker> {
    await requireBundle();
    const port = options.port ?? await freePort();
    const directory = await Deno.makeTempDir({ prefix: "libreseed-worker-" });
    const events: WorkerEvent[] = [];
    const failures: Error[] = [];
    const died = Promise.withResolvers<never>();
    died.promise.catch(() => {});
    const mapsPort = router?.findGateway !== undefined;
    const watchesAddresses = router?.addresses !== undefined;
    const sandbox = { port, seedDirectory: directory, allowLocal, mapsPort, watchesAddresses, lan };
    const connection = connectWorker(sandbox, {
      onEvent: (event) => events.push(event),
      onFailure: (error) => {
        failures.push(error);
        died.reject(error);
      },
    }, (options, port) => startEngine(options, port, { networkInterfaces: loopback, ...router }));
    try {
      const starting = connection.api.start({
        dht: testnet !== undefined,
        bootstrap: testnet ? [addressOf(testnet.bootstrap)] : [],
        knownNodes: [],
        maxConnections: 50,
        maxIncoming: 500,
        encryption: "prefer",
        readOnly: false,
        allowLocal,
        lan,
        storeNodes: 8,
        minNodes: 8,
        dhtPacketsPerSecond: 1_000,
        uploadBytesPerSecond: 0,
        downloadBytesPerSecond: 0,
        reannounceIntervalMs: 3_600_000,
        ...options,
        port,
      });
      // Wait for the thread's death as well, because a dead thread answers no call.
      const started = await Promise.race([starting, died.promise]);
      return new TestWorker(connection, directory, started, events, failures);
    } catch (error) {
      connection.terminate();
      await Deno.remove(directory, { recursive: true });
      throw error;
    }
  }

  private constructor(
    connection: WorkerConnection,
    directory: string,
    started: WorkerStarted,
    events: WorkerEvent[],
    failures: Error[],
  ) {
    this.connection = connection;
    this.directory = directory;
    this.started = started;
    this.events = events;
    this.failures = failures;
  }

  get api(): WorkerConnection["api"] {
    return this.connection.api;
  }

  /** Address at which peers can connect to the worker's engine. */
  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.started.port };
  }

  /** Reports of announcements that the worker has sent so far. */
  get reports(): ReportData[] {
    return this.events.flatMap((event) => event.event === "announced" ? [event.report] : []);
  }

  /** Warnings that the worker has sent to the log so far. */
  get warnings(): string[] {
    return this.events.flatMap((event) =>
      event.event === "log" && event.level === "warn" ? [event.message] : []
    );
  }

  /** Returns the absolute path of a file in the worker's seed directory. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Ends the thread without a word, as a kill does. */
  kill(): void {
    this.#isKilled = true;
    this.connection.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isKilled) await this.api.stop(2_000);
    this.connection.terminate();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** The interfaces for local discovery: tests send nothing beyond this machine. */
function loopback(): Deno.NetworkInterfaceInfo[] {
  return Deno.networkInterfaces().filter(({ address }) => address === "127.0.0.1");
}

/** Throws an error with instructions if the worker has not been bundled. */
async function requireBundle(): Promise<void> {
  try {
    await Deno.stat(BUNDLE);
  } catch {
    throw new Error("dist/worker.js is missing: make it with `deno task bundle`");
  }
}
