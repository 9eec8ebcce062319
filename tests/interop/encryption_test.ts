/**
 * Downloads between our engine and other programs, at each program's settings for encryption. The
 * programs have no DHT: both sides get the other one's address.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { concatBytes, utf8 } from "../../src/base/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { type CliProcess, freePort, spawnCli, temporaryHome } from "../support/mod.ts";
import { TestEngine } from "../support/engines.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { sampleTorrent } from "../support/torrents.ts";
import { runLibtorrent, startSeeder } from "./libtorrent.ts";
import { libreseed, onTestnet, writePayload } from "./seeded_package.ts";

/** An archive whose metadata have two parts (BEP 9): rtorrent answers a request for one at a time. */
const sample = sampleTorrent(14_000_000, { pieceBytes: 16 * 1024 });
const name = "sample-1";

/** Settings of libtorrent, in its own numbers. */
const libtorrentModes = {
  "with encryption of all bytes only": {
    ...{ in_enc_policy: 0, out_enc_policy: 0 },
    allowed_enc_level: 2,
  },
  "with encryption of the handshake only": {
    ...{ in_enc_policy: 0, out_enc_policy: 0 },
    allowed_enc_level: 1,
  },
  "with encryption switched off": { in_enc_policy: 2, out_enc_policy: 2 },
};

/** Makes a directory with the sample's `.torrent` and, unless it is for a download, its content. */
async function sampleDirectory(hasContent: boolean) {
  const home = await temporaryHome();
  await Deno.writeFile(join(home.path, "sample.torrent"), sample.torrent);
  if (hasContent) await Deno.writeFile(join(home.path, name), sample.content);
  return home;
}

async function assertDownloadsFrom(port: number): Promise<void> {
  await using at = await TestEngine.start();
  const peers = [{ host: "127.0.0.1", port }];
  assert.deepEqual(await at.download(sample, [], { peers }), sample.content);
}

/** Waits until a program accepts connections on a port. */
async function accepting(port: number, process: CliProcess): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      const ended = await Promise.race([
        process.result,
        new Promise<void>((resolve) => setTimeout(resolve, 50)),
      ]);
      if (ended) throw new Error(`ended with ${ended.code}\n${ended.stdout}${ended.stderr}`);
    }
  }
}

for (const [mode, settings] of Object.entries(libtorrentModes)) {
  await interopTest(
    `our engine downloads from libtorrent ${mode}, and libtorrent from our engine`,
    ["python3-libtorrent"],
    async () => {
      await using seeding = await sampleDirectory(true);
      const port = await freePort();
      await using _seeder = await startSeeder({
        torrent: join(seeding.path, "sample.torrent"),
        dir: seeding.path,
        port,
        settings,
      });
      await assertDownloadsFrom(port);

      await using from = await TestEngine.start();
      await from.seed(sample);
      await using downloads = await sampleDirectory(false);
      await runLibtorrent({
        do: "download",
        torrent: join(downloads.path, "sample.torrent"),
        dir: downloads.path,
        peers: [["127.0.0.1", from.engine.port]],
        settings,
      });
      assert.deepEqual(await Deno.readFile(join(downloads.path, name)), sample.content);
    },
  );
}

await interopTest(
  "get downloads from a libtorrent seeder with encryption switched off",
  ["python3-libtorrent"],
  async () => {
    await using testnet = await startTestnet({ nodes: 30 });
    await using home = await temporaryHome();
    await using other = await temporaryHome();
    const publisher = (await libreseed(["keygen", "--signing-only"], home.path)).trim();
    await writePayload(join(home.path, "package"));
    const out = join(home.path, "hello-1.0.0.tgz");
    const flags = ["--json", "--name=hello", "--version=1.0.0", `--out=${out}`];
    const packed = JSON.parse(
      await libreseed(["pack", ...flags, join(home.path, "package")], home.path),
    );
    await using _seeder = await startSeeder({
      torrent: packed.torrent,
      dir: home.path,
      bootstrap: testnet.bootstrap,
      // libtorrent dials nobody: it would find the download in the DHT, and dial it without
      // encryption.
      settings: {
        ...libtorrentModes["with encryption switched off"],
        enable_outgoing_tcp: false,
      },
    });
    const net = onTestnet(testnet, await freePort());
    await libreseed(["manifest", "put", packed.minimal, ...net], home.path);
    const spec = `${publisher}/hello@1.0.0`;
    const path = (await libreseed(["get", spec, ...net], other.path)).trim();
    assert.deepEqual(await Deno.readFile(path), await Deno.readFile(out));
  },
);

await interopTest(
  "our engine downloads from rtorrent with encryption none",
  ["rtorrent"],
  async () => {
    await using seeding = await sampleDirectory(true);
    const { path } = seeding;
    const port = await freePort();
    // rtorrent refuses a torrent without a tracker. Nothing listens on this one's port.
    const announce = "http://127.0.0.1:1/announce";
    const torrent = concatBytes(
      utf8(`d8:announce${announce.length}:${announce}`),
      sample.torrent.subarray(1),
    );
    await Deno.writeFile(join(path, "sample.torrent"), torrent);
    await Deno.mkdir(join(path, "session"));
    await Deno.writeTextFile(
      join(path, "rtorrent.rc"),
      `system.daemon.set = true
       network.port_range.set = ${port}-${port}
       network.bind_address.set = 127.0.0.1
       protocol.encryption.set = none
       protocol.pex.set = no
       dht.mode.set = disable
       directory.default.set = ${path}
       session.path.set = ${path}/session
       schedule2 = start, 1, 0, "load.start=${path}/sample.torrent"\n`,
    );
    await using rtorrent = spawnCli(["-n", "-o", `import=${path}/rtorrent.rc`], {
      program: ["rtorrent"],
      home: path,
    });
    await accepting(port, rtorrent);
    await assertDownloadsFrom(port);
  },
);

for (
  const [mode, flags] of [
    ["that requires encryption", ["--bt-require-crypto=true", "--bt-min-crypto-level=arc4"]],
    ["at its defaults", []],
  ] as const
) {
  await interopTest(`our engine downloads from aria2 ${mode}`, ["aria2c"], async () => {
    await using seeding = await sampleDirectory(true);
    const port = await freePort();
    await using aria2 = spawnCli([
      "--no-conf",
      `--dir=${seeding.path}`,
      `--listen-port=${port}`,
      "--enable-dht=false",
      "--enable-dht6=false",
      "--disable-ipv6=true",
      "--bt-enable-lpd=false",
      "--check-integrity=true",
      "--seed-ratio=0.0",
      "--summary-interval=0",
      ...flags,
      join(seeding.path, "sample.torrent"),
    ], { program: ["aria2c"], home: seeding.path });
    await accepting(port, aria2);
    await assertDownloadsFrom(port);
  });
}
