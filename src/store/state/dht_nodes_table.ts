/**
 * DHT nodes that answered, so that the next start need not depend on the bootstrap nodes.
 *
 * @module
 */

import type { Sqlite } from "./sqlite.ts";

/** A DHT node. */
export interface StoredNode {
  /** IP address. */
  host: string;
  /** UDP port. */
  port: number;
  /** Node id, 20 bytes in hexadecimal. */
  idHex: string;
  /** When it was heard of last, Unix milliseconds. */
  seenMs: number;
}

/** The table of DHT nodes, one for each address. */
export class DhtNodesTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Keeps these nodes and no others. Of two with the same address, the later in the list counts. */
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

  /** The nodes that were kept, the one seen last at the beginning. */
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
