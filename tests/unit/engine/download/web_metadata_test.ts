/** Tests fetching a `.torrent` from web servers that send what they like. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { utf8 } from "../../../../src/base/mod.ts";
import { fetchMetadata } from "../../../../src/engine/download/web_metadata.ts";
import { NoProgress } from "../../../../src/engine/download/web_transfer.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const info = utf8(`d6:lengthi1e4:name1:a12:piece lengthi1e6:pieces20:${"x".repeat(20)}e`);
const torrent = utf8(`d4:info${new TextDecoder().decode(info)}e`);
const infoHashHex = createHash("sha1").update(info).digest("hex");

/** Fetches a `.torrent` whose bytes come in the given parts. Tells how many parts were read, too. */
async function fetchFrom(parts: Iterable<Uint8Array>) {
  let read = 0;
  const progress = new NoProgress(new FakeClock(), new AbortController().signal);
  async function* body() {
    for (const part of parts) {
      read++;
      yield part;
    }
  }
  try {
    const order = { webSeed: "http://example.org/a.tar.gz", infoHashHex };
    const bytes = await fetchMetadata(
      () => Promise.resolve({ body: body() }),
      order,
      progress,
    ).catch(({ message }: Error) => message);
    return { bytes, read };
  } finally {
    progress.end();
  }
}

Deno.test("a .torrent that arrives byte by byte is read", async () => {
  const parts = Array.from(torrent, (byte) => Uint8Array.of(byte));
  const { bytes } = await fetchFrom(parts);
  assert.deepEqual(bytes, torrent);
});

Deno.test("a .torrent longer than the first buffer is put together", async () => {
  // Members beside the info dictionary are left out.
  const comment = `7:comment200000:${"c".repeat(200_000)}`;
  const long = utf8(`d${comment}4:info${new TextDecoder().decode(info)}e`);
  const parts = [long.subarray(0, 70_000), long.subarray(70_000, 199_999), long.subarray(199_999)];
  const { bytes } = await fetchFrom(parts);
  assert.deepEqual(bytes, torrent);
});

Deno.test("a server that sends without an end is given up at two mebibytes", async () => {
  function* endless() {
    for (;;) yield new Uint8Array(1024 * 1024);
  }
  const { bytes, read } = await fetchFrom(endless());
  assert.match(String(bytes), /cannot be fetched: it goes on without an end$/);
  assert.equal(read, 3);
});
