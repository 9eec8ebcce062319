/**
 * A relay between a dialling peer and a listening one. It counts the round trips that their
 * conversation needs.
 *
 * @module
 */

/**
 * Delay of each direction in milliseconds. It separates what a peer says by itself from its answers.
 */
const DELAY_MS = 100;

/**
 * Relays connections. The count of a message is one more than the highest count that had reached its
 * sender; an answer has the count of what it answers. A peer that is held up by a busy machine makes the
 * count higher, never lower.
 */
export class CountingRelay implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: { host: string; port: number };
  readonly #open = new Set<Deno.Conn>();
  /** Highest count that has reached the dialling peer. */
  roundTrips = 0;
  /** Number of connections. */
  connections = 0;
  /** Number of bytes that the listening peer has sent. */
  deliveredBytes = 0;

  /** @param target address of the listening peer */
  constructor(target: { host: string; port: number }) {
    this.#target = target;
    void this.#accept().catch(() => {});
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.#listener.addr as Deno.NetAddr).port };
  }

  async #accept(): Promise<void> {
    for await (const dialler of this.#listener) {
      this.connections++;
      const { host: hostname, port } = this.#target;
      const listener = await Deno.connect({ hostname, port });
      for (const conn of [dialler, listener]) {
        conn.setNoDelay(true);
        this.#open.add(conn);
      }
      let asked = 0;
      void this.#carry(dialler, listener, () => this.roundTrips + 1, (count) => {
        asked = Math.max(asked, count);
      });
      void this.#carry(listener, dialler, () => asked, (count, bytes) => {
        this.deliveredBytes += bytes;
        this.roundTrips = Math.max(this.roundTrips, count);
      });
    }
  }

  /** Carries bytes after a delay. Each chunk is counted when it is sent and when it is delivered. */
  async #carry(
    from: Deno.Conn,
    to: Deno.Conn,
    countOf: () => number,
    onDelivered: (count: number, bytes: number) => void,
  ): Promise<void> {
    let last: Promise<unknown> = Promise.resolve();
    try {
      const buffer = new Uint8Array(65_536);
      for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
        const bytes = buffer.slice(0, size);
        const count = countOf();
        const due = new Promise((resolve) => setTimeout(resolve, DELAY_MS));
        last = last.then(async () => {
          await due;
          onDelivered(count, bytes.length);
          for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
        }).catch(() => {});
      }
    } catch {
      // A peer has closed the connection.
    }
    await last;
    for (const conn of [from, to]) if (this.#open.delete(conn)) conn.close();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#open) conn.close();
    this.#open.clear();
  }
}
