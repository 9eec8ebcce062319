import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { startTestnet } from "../../src/testnet/mod.ts";
import { freePort, temporaryHome } from "../support/mod.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { runLibtorrent, startSeeder } from "./libtorrent.ts";
import {
  libreseed,
  onTestnet,
  type SeededPackage,
  seededPackage,
  sha256Of,
  writePayload,
} from "./seeded_package.ts";

const needs = ["python3-libtorrent"];

async function assertDownloaded(dir: string, { archivePath, sha256 }: SeededPackage) {
  assert.equal(await sha256Of(join(dir, basename(archivePath))), sha256);
}

await interopTest(
  "libtorrent downloads from our seeder, by torrent file and by magnet link",
  needs,
  async () => {
    await using seeded = await seededPackage();
    await using byTorrent = await temporaryHome();
    await using byMagnet = await temporaryHome();
    await Promise.all([
      runLibtorrent({
        do: "download",
        torrent: seeded.torrentPath,
        dir: byTorrent.path,
        peers: [["127.0.0.1", seeded.port]],
      }),
      runLibtorrent({
        do: "download",
        magnet: seeded.magnet,
        dir: byMagnet.path,
        bootstrap: seeded.testnet.bootstrap,
      }),
    ]);
    await assertDownloaded(byTorrent.path, seeded);
    await assertDownloaded(byMagnet.path, seeded);
  },
);

await interopTest(
  "libtorrent that tries uTP first is refused by a daemon without uTP, and downloads over TCP",
  needs,
  async () => {
    await using seeded = await seededPackage({ flags: ["--transport", "tcp"] });
    await using dir = await temporaryHome();
    const lines = await runLibtorrent({
      do: "download",
      torrent: seeded.torrentPath,
      dir: dir.path,
      peers: [["127.0.0.1", seeded.port]],
      settings: { enable_outgoing_utp: true, enable_incoming_utp: true },
    });
    await assertDownloaded(dir.path, seeded);
    assert.ok(lines.some(({ utpReset }) => utpReset), JSON.stringify(lines));
  },
);

await interopTest(
  "libtorrent with a part of an archive gets the rest from our seeder",
  needs,
  async () => {
    await using seeded = await seededPackage();
    await using dir = await temporaryHome();
    const { archivePath, torrentPath, port } = seeded;
    const archive = await Deno.readFile(archivePath);
    // The second half of the file is missing, so libtorrent announces a bitfield that is
    // incomplete.
    const part = new Uint8Array(archive.length);
    part.set(archive.subarray(0, archive.length / 2));
    await Deno.writeFile(join(dir.path, basename(archivePath)), part);
    const [begun, done] = await runLibtorrent({
      do: "download",
      torrent: torrentPath,
      dir: dir.path,
      peers: [["127.0.0.1", port]],
    });
    const bytesBegun = begun!.begun as number;
    assert.ok(bytesBegun > 0 && bytesBegun < archive.length, `began with ${bytesBegun}`);
    assert.equal(done!.done, archive.length);
    await assertDownloaded(dir.path, seeded);
  },
);

await interopTest(
  "get downloads from a libtorrent seeder by a record of `manifest put`",
  needs,
  async () => {
    await using testnet = await startTestnet({ nodes: 30 });
    await using home = await temporaryHome();
    await using other = await temporaryHome();
    const publisher = (await libreseed(["keygen", "--signing-only"], home.path)).trim();
    await writePayload(join(home.path, "package"));
    const packed = JSON.parse(
      await libreseed([
        "pack",
        "--json",
        "--name=hello",
        "--version=1.0.0",
        `--out=${join(home.path, "hello-1.0.0.tgz")}`,
        join(home.path, "package"),
      ], home.path),
    );
    await using _seeder = await startSeeder({
      torrent: packed.torrent,
      dir: dirname(packed.path),
      bootstrap: testnet.bootstrap,
    });
    await libreseed(
      ["manifest", "put", packed.minimal, ...onTestnet(testnet, await freePort())],
      home.path,
    );
    const path = await libreseed(
      ["get", `${publisher}/hello@1.0.0`, ...onTestnet(testnet, await freePort())],
      other.path,
    );
    assert.equal(await sha256Of(path.trim()), packed.sha256);
  },
);
