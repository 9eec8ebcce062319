/**
 * The least that a download can cost on this runtime. One thread receives the blocks of pieces from one
 * peer on 127.0.0.1, compares the SHA-1 of each piece and writes it; another one reads the file back and
 * computes its SHA-256. There is no record, no DHT, no picker, no other peer and no error handling.
 *
 * Argument: one JSON object with `port`, `torrent` (path), `infoHash`, `pieceBytes`, `lengthBytes`
 * and `file` (to write). Prints the SHA-256.
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { createConnection } from "node:net";

const BLOCK_BYTES = 16_384;
/** As many requests at a time as libreseed has, refilled when half of them are answered. */
const REQUESTS = 512;
const READ_BYTES = 64 * 1024;
const PART_BYTES = 256 * 1024;

interface Order {
  port: number;
  torrent: string;
  infoHash: string;
  pieceBytes: number;
  lengthBytes: number;
  file: string;
}

/** Downloads a file, and calls `onReady` with the number of leading bytes that are written. */
function receive(order: Order, onReady: (bytes: number) => void): void {
  const { port, torrent, infoHash, pieceBytes, lengthBytes, file } = order;
  const metadata = readFileSync(torrent);
  const hashes = metadata.subarray(metadata.indexOf(":", metadata.indexOf("6:pieces") + 8) + 1);
  const descriptor = openSync(file, "w");
  /** Incomplete pieces, unused buffers, and complete pieces that do not follow the ones before. */
  const pieces = new Map<number, { bytes: Uint8Array; had: number }>();
  const free: Uint8Array[] = [];
  const written = new Set<number>();
  let ready = 0;
  const message = new Uint8Array(BLOCK_BYTES + 13);
  let had = 0;
  let size = 68;
  let isGreeted = false;
  let asked = 0;
  let received = 0;

  const askMore = () => {
    if ((asked - received) / BLOCK_BYTES > REQUESTS / 2) return;
    const requests: Uint8Array[] = [];
    for (; asked < lengthBytes && asked - received < REQUESTS * BLOCK_BYTES;) {
      const request = new DataView(new ArrayBuffer(17));
      const bytes = Math.min(BLOCK_BYTES, lengthBytes - asked);
      request.setUint32(0, 13);
      request.setUint8(4, 6);
      request.setUint32(5, Math.floor(asked / pieceBytes));
      request.setUint32(9, asked % pieceBytes);
      request.setUint32(13, bytes);
      requests.push(new Uint8Array(request.buffer));
      asked += bytes;
    }
    if (requests.length > 0) socket.write(Buffer.concat(requests));
  };
  const onBlock = (index: number, offset: number, block: Uint8Array) => {
    const lengthOfPiece = Math.min(pieceBytes, lengthBytes - index * pieceBytes);
    const piece = pieces.get(index) ?? { bytes: free.pop() ?? new Uint8Array(pieceBytes), had: 0 };
    pieces.set(index, piece);
    piece.bytes.set(block, offset);
    piece.had += block.length;
    received += block.length;
    if (piece.had < lengthOfPiece) return;
    const whole = piece.bytes.subarray(0, lengthOfPiece);
    const sha1 = createHash("sha1").update(whole).digest();
    if (!sha1.equals(hashes.subarray(index * 20, index * 20 + 20))) throw new Error("wrong piece");
    writeSync(descriptor, whole, 0, whole.length, index * pieceBytes);
    pieces.delete(index);
    free.push(piece.bytes);
    written.add(index);
    while (written.delete(ready)) ready++;
    onReady(Math.min(ready * pieceBytes, lengthBytes));
    if (received < lengthBytes) return;
    closeSync(descriptor);
    socket.destroy();
  };
  const onMessage = (bytes: Uint8Array) => {
    if (!isGreeted) {
      isGreeted = true;
      socket.write(Uint8Array.of(0, 0, 0, 1, 2));
    } else if (bytes[4] === 1) askMore();
    else if (bytes[4] === 7) {
      const numbers = new DataView(bytes.buffer, bytes.byteOffset);
      onBlock(numbers.getUint32(5), numbers.getUint32(9), bytes.subarray(13));
      askMore();
    }
  };
  const onBytes = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      if (isGreeted && had === 0 && bytes.length - at >= 4) {
        size = 4 + new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
        if (bytes.length - at >= size) {
          onMessage(bytes.subarray(at, at + size));
          at += size;
          continue;
        }
      }
      // The length prefix itself may be cut.
      const wanted = isGreeted && had < 4 ? 4 : size;
      const part = bytes.subarray(at, at + wanted - had);
      message.set(part, had);
      had += part.length;
      at += part.length;
      if (had < wanted) return;
      if (isGreeted) size = 4 + new DataView(message.buffer).getUint32(0);
      if (had < size) continue;
      had = 0;
      onMessage(message.subarray(0, size));
    }
  };
  const socket = createConnection({
    ...{ port, host: "127.0.0.1", noDelay: true },
    onread: {
      buffer: new Uint8Array(READ_BYTES),
      callback(count, buffer) {
        onBytes(buffer.subarray(0, count));
        return true;
      },
    },
  }, () => {
    const greeting = [Buffer.from("\x13BitTorrent protocol"), new Uint8Array(8)];
    // libtorrent refuses a peer id that it has met before.
    const peerId = crypto.getRandomValues(new Uint8Array(20));
    socket.write(Buffer.concat([...greeting, Buffer.from(infoHash, "hex"), peerId]));
  });
}

/** Computes the SHA-256 of a file while it grows. */
class GrowingHash {
  readonly #hash = createHash("sha256");
  readonly #buffer = new Uint8Array(PART_BYTES);
  #file: Deno.FsFile | undefined;
  #at = 0;

  /** Reads the file up to a number of bytes. */
  readTo(path: string, bytes: number): void {
    this.#file ??= Deno.openSync(path);
    while (this.#at < bytes) {
      const count = this.#file.readSync(this.#buffer.subarray(0, bytes - this.#at))!;
      this.#hash.update(this.#buffer.subarray(0, count));
      this.#at += count;
    }
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

const scope = globalThis as unknown as {
  name?: string;
  onmessage: (event: MessageEvent<Order>) => void;
  postMessage(bytes: number): void;
};
// `import.meta.main` is true in both threads.
if (scope.name === "receiver") {
  scope.onmessage = ({ data }) => receive(data, (bytes) => scope.postMessage(bytes));
} else {
  const order = JSON.parse(Deno.args[0]!) as Order;
  const worker = new Worker(import.meta.url, { type: "module", name: "receiver" });
  const hash = new GrowingHash();
  worker.onmessage = ({ data }: MessageEvent<number>) => {
    hash.readTo(order.file, data);
    if (data < order.lengthBytes) return;
    console.log(JSON.stringify({ sha256: hash.digest() }));
    Deno.exit(0);
  };
  worker.postMessage(order);
}
