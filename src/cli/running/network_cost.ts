/**
 * What a command asked of the network, for `-v`.
 *
 * @module
 */

import type { Operations } from "../../control/mod.ts";
import type { Output } from "../terminal/output.ts";

/** Counts from now on. */
export class NetworkCost {
  /** The same operations, counted. */
  readonly operations: Operations;
  readonly #given: Operations;
  readonly #before: ReturnType<Operations["status"]> | undefined;
  #lookups = 0;
  #asked = 0;
  #responded = 0;
  #downloads = 0;
  #downloadedBytes = 0;

  /** @param verbose whether anybody will hear of it; if not, nothing is asked for */
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
      download: async (...args) => {
        this.#downloads++;
        const downloaded = await operations.download(...args);
        // Another command may have wanted the same, and have moved it to its place already.
        const sizeBytes = await Deno.stat(downloaded.path).then(({ size }) => size, () => 0);
        this.#downloadedBytes += sizeBytes;
        return downloaded;
      },
    };
  }

  /** Says what it was. What others asked the same engine for meanwhile is in the packets and bytes. */
  async tell(output: Output): Promise<void> {
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
