/**
 * Statistics on the network traffic of a command, printed with `-v`.
 *
 * @module
 */

import type { Operations } from "../../control/mod.ts";
import type { Output } from "../terminal/output.ts";

/** Counts the lookups and downloads of a command. Counting starts when the object is created. */
export class NetworkCost {
  /** The engine's operations, wrapped so that calls are counted. */
  readonly operations: Operations;
  readonly #given: Operations;
  readonly #before: ReturnType<Operations["status"]> | undefined;
  #lookups = 0;
  #asked = 0;
  #responded = 0;
  #downloads = 0;
  #downloadedBytes = 0;
  /** Downloaded bytes of torrents of which only parts were read, by infohash. */
  readonly #parts = new Map<string, number>();

  /**
   * @param verbose whether the statistics will be printed; if not, the engine's status is not
   * queried
   */
  constructor(operations: Operations, verbose: boolean) {
    this.#given = operations;
    this.#before = verbose ? operations.status() : undefined;
    this.#before?.catch(() => {});
    this.operations = {
      ...operations,
      lookUp: async (...args) => {
        this.#lookups++;
        const outcome = await operations.lookUp(...args);
        this.#asked += outcome.asked;
        this.#responded += outcome.responded;
        return outcome;
      },
      download: async (request, options) => {
        this.#downloads++;
        // Bytes that were copied from other archives, or that an earlier command has fetched, cost
        // no traffic, so the file's length would be too much.
        let fetchedBytes = 0;
        try {
          return await operations.download(request, {
            ...options,
            onEvent(progress) {
              ({ fetchedBytes } = progress);
              options?.onEvent?.(progress);
            },
          });
        } finally {
          this.#downloadedBytes += fetchedBytes;
        }
      },
      readRanges: async (...args) => {
        const read = await operations.readRanges(...args);
        // The host counts all bytes that have come since the torrent was opened.
        const { infoHash } = args[0];
        const before = this.#parts.get(infoHash) ?? 0;
        if (read.downloadedBytes > before) {
          if (before === 0) this.#downloads++;
          this.#downloadedBytes += read.downloadedBytes - before;
          this.#parts.set(infoHash, read.downloadedBytes);
        }
        return read;
      },
    };
  }

  /**
   * Prints the statistics as a detail. The packet and byte counts are those of the whole engine, so
   * they include the traffic of other commands that use the same engine.
   */
  async print(output: Output): Promise<void> {
    if (!this.#before) return;
    const [start, end] = [await this.#before, await this.#given.status()];
    const sum = (key: "packetsIn" | "packetsOut" | "bytesIn" | "bytesOut") =>
      (end.traffic?.[key] ?? 0) - (start.traffic?.[key] ?? 0);
    const downloads = this.#downloads === 0
      ? ""
      : `; ${this.#downloads} download${
        this.#downloads === 1 ? "" : "s"
      }, ${this.#downloadedBytes} bytes`;
    output.detail(
      `${this.#lookups} DHT lookups, ${this.#responded} of ${this.#asked} nodes answered: ` +
        `${sum("packetsOut")} packets and ${sum("bytesOut")} bytes sent, ` +
        `${sum("packetsIn")} packets and ${sum("bytesIn")} bytes received${downloads}`,
    );
  }
}
