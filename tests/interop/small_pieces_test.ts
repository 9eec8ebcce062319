import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TestEngine } from "../support/engines.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { freePort, runCli, spawnCli, temporaryHome } from "../support/mod.ts";
import { inNamespace } from "./in_namespace.ts";
import { runLibtorrent, startSeeder } from "./libtorrent.ts";
import { assertFile, download, FILE_NAME, magnetOf, smallPieces, tracker } from "./small_pieces.ts";

const HOST = "127.0.0.1";

/** Writes the torrent and its content into a directory. Returns the path of the torrent. */
async function write(directory: string, sample: ReturnType<typeof smallPieces>): Promise<string> {
  const path = join(directory, "sample.torrent");
  await Deno.writeFile(path, sample.torrent);
  await Deno.writeFile(join(directory, FILE_NAME), sample.content);
  return path;
}

await interopTest(
  "libtorrent downloads 4,097 pieces of 16 KiB from us, by magnet link and by uTP too, and we from it",
  ["python3-libtorrent"],
  async () => {
    const sample = smallPieces();
    await using ours = await TestEngine.start({ dht: true, bootstrap: [] });
    await ours.seed(sample);
    await using byTcp = await temporaryHome();
    await using byUtp = await temporaryHome();
    const utp = {
      ...{ enable_outgoing_utp: true, enable_incoming_utp: true },
      ...{ enable_outgoing_tcp: false, enable_incoming_tcp: false },
    };
    const order = {
      do: "download" as const,
      magnet: `magnet:?xt=urn:btih:${sample.infoHashHex}`,
      peers: [[HOST, ours.engine.port]] as [string, number][],
    };
    await Promise.all([
      runLibtorrent({ ...order, dir: byTcp.path }),
      runLibtorrent({ ...order, dir: byUtp.path, settings: utp }),
    ]);
    for (const { path } of [byTcp, byUtp]) await assertFile(path, sample);

    await using seeding = await temporaryHome();
    const port = await freePort();
    const torrent = await write(seeding.path, sample);
    await using _seeder = await startSeeder({ torrent, dir: seeding.path, port });
    await using reader = await TestEngine.start();
    await download(reader, sample, { host: HOST, port });
  },
);

/** Flags with which aria2 uses a tracker alone, and no limits. */
const alone = [
  "--no-conf",
  "--enable-dht=false",
  "--enable-dht6=false",
  "--disable-ipv6=true",
  "--bt-enable-lpd=false",
  "--enable-peer-exchange=false",
  "--file-allocation=none",
  "--summary-interval=0",
];

await interopTest(
  "aria2 downloads 4,097 pieces of 16 KiB from us, by magnet link, and we from it",
  ["aria2c"],
  async () => {
    const sample = smallPieces();
    await using ours = await TestEngine.start();
    await ours.seed(sample);
    await using home = await temporaryHome();
    const environment = { home: home.path, timeoutMs: 600_000 };
    await using from = tracker({ host: HOST, port: ours.engine.port });
    const { code, stdout, stderr } = await runCli([
      ...alone,
      `--dir=${home.path}`,
      `--listen-port=${await freePort()}`,
      "--seed-time=0",
      magnetOf(sample, from.url),
    ], { program: ["aria2c"], ...environment });
    assert.equal(code, 0, stdout + stderr);
    await assertFile(home.path, sample);

    await using seeding = await temporaryHome();
    const port = await freePort();
    const torrent = await write(seeding.path, sample);
    // aria2 seeds after a tracker has answered.
    await using nobody = tracker({ host: HOST, port: 1 });
    await using _seeder = spawnCli([
      ...alone,
      `--dir=${seeding.path}`,
      `--listen-port=${port}`,
      "--check-integrity=true",
      "--seed-ratio=0",
      `--bt-tracker=${nobody.url}`,
      torrent,
    ], { program: ["aria2c"], ...environment });
    await using reader = await TestEngine.start();
    await download(reader, sample, { host: HOST, port });
  },
);

const addresses = ["10.99.1.1", "10.99.1.2"] as const;

await interopTest(
  "transmission downloads 4,097 pieces of 16 KiB from us, by magnet link, and we from it",
  ["transmission-cli", "ip", "rights to make a network namespace"],
  async () => {
    const script = fileURLToPath(new URL("./small_pieces_in_namespace.ts", import.meta.url));
    const { code, stdout, stderr } = await inNamespace(addresses, script);
    assert.equal(stdout, "downloaded\n", stderr);
    assert.equal(code, 0, stderr);
  },
);
