import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import Torrent from "webtorrent/lib/torrent.js";
import { applyReplacements, ArchiveStore } from "../../../../../src/engine/libraries/mod.ts";
import { temporaryHome } from "../../../../support/mod.ts";
import { randomBytes } from "../../../../support/torrents.ts";

applyReplacements();

const { prototype } = Torrent as unknown as {
  prototype: { _verifyPieces(this: FakeTorrent, done: (error: Error | null) => void): void };
};

/** The members of a torrent that the check uses. */
class FakeTorrent {
  destroyed = false;
  readonly length: number;
  readonly pieces: (object | null)[];
  readonly _hashes: string[] = [];
  readonly store: { store: ArchiveStore };

  constructor(content: Uint8Array, readonly pieceLength: number, filePath: string) {
    this.length = content.length;
    for (let at = 0; at < content.length; at += pieceLength) {
      const piece = content.subarray(at, at + pieceLength);
      this._hashes.push(createHash("sha1").update(piece).digest("hex"));
    }
    this.pieces = this._hashes.map(() => ({}));
    const options = { filePath, writable: true, length: content.length };
    this.store = { store: new ArchiveStore(pieceLength, options) };
  }

  _markVerified(index: number): void {
    this.pieces[index] = null;
  }

  /** Checks all pieces, and returns the numbers of those that are there. */
  async check(): Promise<number[]> {
    const error = await new Promise((resolve) => prototype._verifyPieces.call(this, resolve));
    await new Promise((resolve) => this.store.store.close(resolve));
    if (error) throw error;
    return this.pieces.flatMap((piece, index) => piece === null ? [index] : []);
  }
}

const PIECE = 16_384;
/** More than is read at once; the last piece is shorter. */
const content = randomBytes(100 * PIECE + 77, 11);
const all = [...Array(101).keys()];

/** Checks a torrent whose file has the given bytes. */
async function check(found: Uint8Array | undefined, pieceLength = PIECE): Promise<number[]> {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  if (found) await Deno.writeFile(path, found);
  return await new FakeTorrent(content, pieceLength, path).check();
}

Deno.test("all pieces of a whole file are there, of whatever length", async () => {
  assert.deepEqual(await check(content), all);
  assert.deepEqual(await check(content, 1024 * 1024), [0, 1]);
  assert.deepEqual(await check(content, 16 * 1024 * 1024), [0]);
});

Deno.test("no piece of a file that is missing or empty is there", async () => {
  assert.deepEqual(await check(undefined), []);
  assert.deepEqual(await check(new Uint8Array()), []);
});

Deno.test("the pieces before the end of a short file are there, but not one in parts", async () => {
  assert.deepEqual(await check(content.subarray(0, 70 * PIECE + 5)), all.slice(0, 70));
  assert.deepEqual(await check(content.subarray(0, content.length - 1)), all.slice(0, 100));
});

Deno.test("damaged pieces, and holes, are missing", async () => {
  const found = content.slice();
  found[3 * PIECE]! ^= 1;
  found.fill(0, 64 * PIECE, 66 * PIECE);
  found[found.length - 1]! ^= 1;
  const missing = [3, 64, 65, 100];
  assert.deepEqual(await check(found), all.filter((index) => !missing.includes(index)));
});

Deno.test("what a longer file has beyond the archive's end does not matter", async () => {
  assert.deepEqual(await check(new Uint8Array([...content, 1, 2, 3])), all);
});

Deno.test("a torrent that is ended meanwhile fails, and a link is refused", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  await Deno.writeFile(path, content);
  const torrent = new FakeTorrent(content, PIECE, path);
  const checking = torrent.check();
  torrent.destroyed = true;
  await assert.rejects(checking, /The torrent was ended/);
  const link = join(home.path, "link");
  await Deno.symlink(path, link);
  await assert.rejects(new FakeTorrent(content, PIECE, link).check(), /is a link/);
});

Deno.test("pieces that cannot be read are missing, and the others are there", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  await Deno.writeFile(path, content);
  const torrent = new FakeTorrent(content, PIECE, path);
  const { store } = torrent.store;
  const { readInto } = store;
  store.readInto = (start, target, done) => {
    if (start === 0) done(new Error("input/output error"));
    else readInto.call(store, start, target, done);
  };
  assert.deepEqual(await torrent.check(), all.slice(64));
});
