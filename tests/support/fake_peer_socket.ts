/**
 * A connection to a peer whose events a test emits.
 *
 * @module
 */

import { EventEmitter } from "node:events";
import type { PeerSocket } from "../../src/engine/transport/mod.ts";

/** A connection without a network, which keeps what is written. */
export class FakePeerSocket extends EventEmitter implements PeerSocket {
  bytesRead = 0;
  bytesWritten = 0;
  destroyed = false;
  readonly written: Uint8Array[] = [];

  constructor(readonly onBytes?: (bytes: Uint8Array) => boolean) {
    super();
  }

  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    return true;
  }

  pause() {}

  resume() {}

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }
}
