/**
 * Table of DHT nodes that have answered. The next start contacts these nodes, so that it does not
 * depend on the bootstrap nodes.
 *
 * @module
 */

import type { Sqlite } from "./sqlite.ts";

/** A DHT node that has answered. */
export interface StoredNode {
  /** IP address of the node. */
  host: string;
  /** UDP port of the node. */
  port: number;
  /** Node id, 20 bytes in hexadecimal. */
  idHex: string;
  /** Time of the node's last message, Unix milliseconds. */
  seenMs: number;
}

/** The table of DHT nodes, one row per address. */
export class DhtNodesTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /**
   * Replaces all nodes in the table. If two given nodes have the same address, the later one is
   * kept.
   */
  replaceNodes(nodes: Iterable<StoredNode>): void {
    this.#sqlite.transaction(() => {
      this.#sqlite.change("DELETE FROM dht_nodes");
      for (const { host, port, idHex, seenMs } of nodes) {
        this.#sqlite.change(
          "INSERT OR REPLACE INTO dht_nodes (host, port, id_hex, seen_ms) VALUES (?, ?, ?, ?)",
          host,
          port,
          idHex,
          seenMs,
        );
      }
    });
  }

  /** Lists all nodes, the most recently seen first. */
  loadNodes(): StoredNode[] {
    return this.#sqlite.rows("SELECT * FROM dht_nodes ORDER BY seen_ms DESC, host, port").map(
      (row) => ({
        host: row.host as string,
        port: row.port as number,
        idHex: row.id_hex as string,
        seenMs: row.seen_ms as number,
      }),
    );
  }
}
