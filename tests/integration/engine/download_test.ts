import assert from "node:assert/strict";
import { equalBytes } from "../../../src/base/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { randomBytes, sampleTorrent } from "../../support/torrents.ts";
import { wireMessage, WirePeer } from "../../support/wire_peer.ts";

const MIB = 1024 * 1024;
/** The message `have all` of the Fast extension (BEP 6). */
const HAVE_ALL = 14;

Deno.test("20 MiB are downloaded byte for byte from the infohash alone, as from a magnet", async () => {
  const sample = sampleTorrent(20 * MIB + 1_234);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  const progress: number[] = [];
  const torrent = await leecher.engine.download({
    infoHashHex: sample.infoHashHex,
    filePath: leecher.path("archive"),
    maxBytes: 21 * MIB,
    lengthBytes: sample.content.length,
    peers: [seeder.address],
    onProgress: ({ downloadedBytes, lengthBytes }) => {
      assert.ok(downloadedBytes <= lengthBytes);
      progress.push(downloadedBytes);
    },
  });
  assert.ok(equalBytes(await Deno.readFile(leecher.path("archive")), sample.content));
  assert.deepEqual(leecher.engine.torrents(), []);
  assert.equal(progress.at(-1), sample.content.length);
  // The `.torrent` file that the download returns can be seeded.
  const { infoHashHex, content } = sample;
  const filePath = leecher.path("archive");
  await leecher.engine.seed([{ infoHashHex, torrent, filePath, lengthBytes: content.length }]);
  assert.equal(leecher.engine.torrents()[0]!.done, true);
});

Deno.test("a download with a .torrent needs no metadata from peers", async () => {
  const sample = sampleTorrent(3 * MIB);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  const got = await leecher.download(sample, [seeder], { torrent: sample.torrent });
  assert.ok(equalBytes(got, sample.content));
});

Deno.test("metadata of several parts is accepted from a peer that sends them all at once", async () => {
  const sample = sampleTorrent(8 * MIB, { pieceBytes: 4_096 });
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  assert.ok(sample.torrent.length > 2 * 16_384);
  assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
});

Deno.test("a download resumes an earlier one and keeps its valid pieces", async () => {
  const sample = sampleTorrent(8 * MIB);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  const half = sample.content.slice(0, 4 * MIB);
  // The existing file has sixteen pieces, one of which is corrupted here.
  half[5 * 256 * 1024 + 77]! ^= 1;
  await Deno.writeFile(leecher.path("downloaded"), half);
  const got = await leecher.download(sample, [seeder]);
  assert.ok(equalBytes(got, sample.content));
  const { uploadedBytes } = seeder.engine.torrents()[0]!;
  // The leecher downloads seventeen pieces, plus protocol overhead.
  const missing = 4 * MIB + 256 * 1024;
  assert.ok(uploadedBytes >= missing && uploadedBytes < missing + 64 * 1024);
});

Deno.test("progress says whether the pieces of an earlier download are still being verified", async () => {
  const sample = sampleTorrent(32 * MIB);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  await Deno.writeFile(leecher.path("archive"), sample.content.slice(0, 24 * MIB));
  const begun: number[] = [];
  await leecher.engine.download({
    infoHashHex: sample.infoHashHex,
    filePath: leecher.path("archive"),
    maxBytes: 33 * MIB,
    torrent: sample.torrent,
    peers: [seeder.address],
    onProgress({ checking, downloadedBytes, lengthBytes }) {
      if (!checking && lengthBytes > 0) begun.push(downloadedBytes);
    },
  });
  assert.ok(begun.length > 0 && begun[0]! >= 24 * MIB, begun.join());
});

Deno.test("a complete file needs no peer", async () => {
  const sample = sampleTorrent(2 * MIB);
  await using leecher = await TestEngine.start();
  await Deno.writeFile(leecher.path("downloaded"), sample.content);
  const got = await leecher.download(sample, [], { torrent: sample.torrent });
  assert.ok(equalBytes(got, sample.content));
});

Deno.test("a file longer than the archive is truncated to its length", async () => {
  const sample = sampleTorrent(2 * MIB);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  await Deno.writeFile(leecher.path("downloaded"), randomBytes(3 * MIB, 9));
  const got = await leecher.download(sample, [seeder]);
  assert.ok(equalBytes(got.subarray(0, sample.content.length), sample.content));
  assert.equal(got.length, sample.content.length);
});

const refusals: [
  string,
  ReturnType<typeof sampleTorrent>,
  Partial<Parameters<TestEngine["download"]>[2]>,
  string,
][] = [
  [
    "has another length than the manifest",
    sampleTorrent(MIB),
    { lengthBytes: MIB - 1 },
    "TORRENT_UNEXPECTED",
  ],
  [
    "has two files",
    sampleTorrent(MIB, {
      info: { files: [{ length: MIB - 5, path: ["a"] }, { length: 5, path: ["b"] }] },
    }),
    {},
    "TORRENT_UNEXPECTED",
  ],
  ["is longer than the limit", sampleTorrent(MIB), { maxBytes: MIB - 1 }, "TORRENT_TOO_LARGE"],
];

for (const [what, sample, request, code] of refusals) {
  for (const from of ["its .torrent", "a peer's metadata"]) {
    Deno.test(`a torrent that ${what} is refused with ${code}, known from ${from}`, async () => {
      await using seeder = await TestEngine.start();
      await using leecher = await TestEngine.start();
      await seeder.seed(sample);
      const torrent = from === "its .torrent" ? sample.torrent : undefined;
      await assert.rejects(leecher.download(sample, [seeder], { ...request, torrent }), {
        name: "EngineError",
        kind: "verification",
        code,
      });
      assert.deepEqual(leecher.engine.torrents(), []);
    });
  }
}

Deno.test("a .torrent with another infohash is refused with TORRENT_INVALID", async () => {
  const [asked, other] = [sampleTorrent(MIB), sampleTorrent(MIB, { seed: 2 })];
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(other);
  await assert.rejects(leecher.download(asked, [seeder], { torrent: other.torrent }), {
    code: "TORRENT_INVALID",
    kind: "verification",
  });
});

const broken: [string, Uint8Array][] = [
  ["an empty file", new Uint8Array()],
  ["random bytes", randomBytes(1_000, 3)],
  ["bencode that loops npm:bencode", new TextEncoder().encode("d4:infod-3:")],
  ["a dictionary without info", new TextEncoder().encode("d1:ai1ee")],
];
for (const [what, torrent] of broken) {
  Deno.test(`${what} as .torrent is refused with TORRENT_INVALID`, async () => {
    const { infoHashHex } = sampleTorrent(1_000);
    await using at = await TestEngine.start();
    const invalid = { code: "TORRENT_INVALID", kind: "verification" };
    await assert.rejects(at.download({ infoHashHex }, [], { torrent }), invalid);
    assert.deepEqual(at.engine.torrents(), []);
  });
}

Deno.test("an invalid infohash is refused, and no file or address of that name is read", async () => {
  await using at = await TestEngine.start();
  for (const odd of ["", "xyz", "/etc/hostname", "http://127.0.0.1:1/x", "AB".repeat(20)]) {
    await assert.rejects(at.download({ infoHashHex: odd }, []), { code: "TORRENT_INVALID" });
  }
});

Deno.test("a cancelled download ends at once with DOWNLOAD_CANCELLED, and the file stays", async () => {
  const sample = sampleTorrent(30 * MIB);
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: 4 * MIB });
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  const controller = new AbortController();
  const downloading = leecher.download(sample, [seeder], {
    signal: controller.signal,
    onProgress: ({ downloadedBytes }) => downloadedBytes > 0 && controller.abort(),
  });
  await assert.rejects(downloading, { code: "DOWNLOAD_CANCELLED" });
  assert.deepEqual(leecher.engine.torrents(), []);
  assert.ok((await Deno.stat(leecher.path("downloaded"))).size > 0);
});

Deno.test("a download with an aborted signal does not begin", async () => {
  await using leecher = await TestEngine.start();
  await assert.rejects(
    leecher.download(sampleTorrent(1_000), [], { signal: AbortSignal.abort() }),
    { code: "DOWNLOAD_CANCELLED" },
  );
  assert.deepEqual(leecher.engine.torrents(), []);
  await assert.rejects(Deno.stat(leecher.path("downloaded")), Deno.errors.NotFound);
});

Deno.test("a download without peers waits, and can be cancelled", async () => {
  await using leecher = await TestEngine.start();
  const controller = new AbortController();
  const downloading = leecher.download(sampleTorrent(1_000), [], { signal: controller.signal });
  await eventually(() => leecher.engine.torrents().length === 1, "the torrent is there");
  controller.abort();
  await assert.rejects(downloading, { code: "DOWNLOAD_CANCELLED" });
});

Deno.test("a peer that dies midway is replaced by another", async () => {
  const sample = sampleTorrent(12 * MIB);
  const first = await TestEngine.start({ uploadBytesPerSecond: 4 * MIB });
  await using second = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await first.seed(sample);
  await second.seed(sample);
  let killing: Promise<void> | undefined;
  const got = await leecher.download(sample, [first], {
    onProgress: ({ downloadedBytes }) => {
      if (downloadedBytes === 0 || killing) return;
      killing = first[Symbol.asyncDispose]()
        .then(() => leecher.engine.addPeers(sample.infoHashHex, [second.address]));
    },
  });
  await killing;
  assert.ok(equalBytes(got, sample.content));
  assert.ok(second.engine.torrents()[0]!.uploadedBytes > 0);
});

Deno.test("a download finds the one live peer among dead ones", async () => {
  const sample = sampleTorrent(MIB);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  const gone = await TestEngine.start();
  await gone[Symbol.asyncDispose]();
  await seeder.seed(sample);
  const got = await leecher.download(sample, [gone, seeder]);
  assert.ok(equalBytes(got, sample.content));
});

Deno.test("peers are found through the DHT", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  await using seeder = await TestEngine.start({ testnet });
  await using leecher = await TestEngine.start({ testnet });
  const sample = sampleTorrent(MIB);
  await seeder.seed(sample);
  const announced = await seeder.manager().announcePeer(sample.infoHash, seeder.engine.port);
  assert.equal(announced.stored, 8);
  const { peers } = await leecher.manager().findPeers(sample.infoHash);
  assert.deepEqual(peers, [seeder.address]);
  assert.ok(equalBytes(await leecher.download(sample, [], { peers }), sample.content));
});

Deno.test("two seeders of a torrent keep no connection to each other", async () => {
  const sample = sampleTorrent(MIB);
  await using one = await TestEngine.start();
  await using two = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await one.seed(sample);
  await two.seed(sample);
  // Seeders do not connect to each other. A seeder that connects to another seeder is disconnected.
  one.engine.addPeers(sample.infoHashHex, [two.address]);
  using dialling = await WirePeer.dial(one.engine.port, sample, {
    async opened(peer) {
      if (await peer.send(wireMessage(HAVE_ALL))) peer.deeds++;
    },
  });
  await eventually(() => dialling.deeds > 0 && dialling.closed, "a seeder is hung up on");
  // The leecher connects to both peers, and names each peer to the other (peer exchange, BEP 11).
  await leecher.download(sample, [one, two]);
  const { infoHashHex, torrent, content } = sample;
  const filePath = leecher.path("downloaded");
  await leecher.engine.seed([{ infoHashHex, torrent, filePath, lengthBytes: content.length }]);
  const engines = [one, two, leecher];
  await eventually(
    () => engines.every(({ engine }) => engine.torrents()[0]!.peers === 0),
    "nobody is connected",
  );
});

Deno.test("a removed torrent is no longer served; another one is", async () => {
  const [a, b] = [sampleTorrent(MIB), sampleTorrent(MIB, { seed: 2 })];
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(a, "a");
  await seeder.seed(b, "b");
  await seeder.engine.remove(a.infoHashHex);
  await seeder.engine.remove("ff".repeat(20));
  assert.ok(equalBytes(await leecher.download(b, [seeder]), b.content));
  assert.deepEqual(seeder.engine.torrents().map(({ infoHashHex }) => infoHashHex), [b.infoHashHex]);
  assert.ok((await Deno.stat(seeder.path("a"))).isFile);
});

Deno.test("seeding the same torrent twice replaces the first", async () => {
  const sample = sampleTorrent(MIB);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(sample, "first");
  await seeder.seed(sample, "second");
  assert.equal(seeder.engine.torrents().length, 1);
  assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
});

Deno.test("a peer that rejects requests for pieces it claims to have is replaced", async () => {
  const sample = sampleTorrent(2 * MIB);
  await using spoilt = await TestEngine.start();
  await using whole = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await spoilt.seed(sample);
  await whole.seed(sample);
  // The test truncates the archive while the archive is being seeded.
  await Deno.truncate(spoilt.path("seeded"), 0);
  const downloading = leecher.download(sample, [spoilt]);
  downloading.catch(() => {});
  const peers = () => spoilt.engine.torrents()[0]!.peers;
  await eventually(() => peers() === 1, "they are connected");
  await eventually(() => peers() === 0, "they are not any more");
  leecher.engine.addPeers(sample.infoHashHex, [whole.address]);
  assert.ok(equalBytes(await downloading, sample.content));
});
