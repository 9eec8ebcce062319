/** Downloads from other programs in which parts of pieces are reused: they send ranges that are no blocks. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { concatBytes, utf8 } from "../../src/base/mod.ts";
import { eventually, TestEngine } from "../support/engines.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { freePort, spawnCli, temporaryHome } from "../support/mod.ts";
import { bytesIn, downloadWith, oddRanges } from "../support/reuse.ts";
import { type SampleTorrent, sampleTorrent } from "../support/torrents.ts";
import { startSeeder } from "./libtorrent.ts";

/** Whether a program accepts connections at a port. */
async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** Writes a sample and its `.torrent` into a directory. */
async function writeSample(dir: string, { content, torrent }: SampleTorrent): Promise<string> {
  await Deno.writeFile(join(dir, "sample-1"), content);
  const path = join(dir, "sample.torrent");
  await Deno.writeFile(path, torrent);
  return path;
}

/** Downloads a sample of which half of the bytes are reused, and asserts that the rest alone has come. */
async function assertRestIsFetched(port: number, sample: SampleTorrent, pieceBytes: number) {
  await using reader = await TestEngine.start();
  const { content } = sample;
  const ranges = oddRanges(content.length);
  const { downloaded, last } = await downloadWith(
    reader,
    [{ host: "127.0.0.1", port }],
    sample,
    content,
    ranges,
  );
  assert.deepEqual(downloaded, content);
  const skipped = bytesIn(ranges) - last.reusedBytes;
  assert.ok(skipped < 2 * pieceBytes + ranges.length * 256, `${skipped} bytes were not reused`);
  assert.equal(last.reusedBytes + last.fetchedBytes, content.length);
}

for (const pieceBytes of [16_384, 262_144]) {
  const sample = sampleTorrent(6_000_011, { pieceBytes });

  await interopTest(
    `libtorrent sends the missing ranges of pieces of ${pieceBytes} bytes`,
    ["python3-libtorrent"],
    async () => {
      await using dir = await temporaryHome();
      const torrent = await writeSample(dir.path, sample);
      const port = await freePort();
      await using _seeder = await startSeeder({ torrent, dir: dir.path, port });
      await assertRestIsFetched(port, sample, pieceBytes);
    },
  );

  await interopTest(
    `aria2 sends the missing ranges of pieces of ${pieceBytes} bytes`,
    ["aria2c"],
    async () => {
      await using dir = await temporaryHome();
      const torrent = await writeSample(dir.path, sample);
      const port = await freePort();
      await using _seeder = spawnCli([
        "--no-conf",
        `--dir=${dir.path}`,
        "--enable-dht=false",
        "--enable-dht6=false",
        `--listen-port=${port}`,
        "--disable-ipv6=true",
        "--bt-enable-lpd=false",
        "--check-integrity=true",
        "--seed-ratio=0.0",
        "--summary-interval=0",
        torrent,
      ], { program: ["aria2c"], home: dir.path, timeoutMs: 240_000 });
      await eventually(() => listens(port), "aria2 listens");
      await assertRestIsFetched(port, sample, pieceBytes);
    },
  );

  await interopTest(
    `transmission sends the missing ranges of pieces of ${pieceBytes} bytes`,
    ["transmission-cli"],
    async () => {
      await using dir = await temporaryHome();
      const torrent = await writeSample(dir.path, sample);
      const port = await freePort();
      const config = join(dir.path, "config");
      await Deno.mkdir(config);
      // Nothing is asked but this machine.
      const settings = {
        ...{ "bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1" },
        ...{ "dht-enabled": false, "lpd-enabled": false, "pex-enabled": false },
      };
      await Deno.writeTextFile(join(config, "settings.json"), JSON.stringify(settings));
      await using _seeder = spawnCli([
        ...["--config-dir", config],
        ...["--download-dir", dir.path],
        ...["--port", String(port)],
        "--no-portmap",
        "--no-downlimit",
        "--no-uplimit",
        torrent,
      ], { program: ["transmission-cli"], home: dir.path, timeoutMs: 240_000 });
      await eventually(() => listens(port), "transmission listens");
      await assertRestIsFetched(port, sample, pieceBytes);
    },
  );
}

await interopTest(
  "rtorrent sends the missing ranges of pieces",
  ["rtorrent"],
  async () => {
    const pieceBytes = 65_536;
    const sample = sampleTorrent(6_000_011, { pieceBytes });
    await using dir = await temporaryHome();
    const path = dir.path;
    await writeSample(path, sample);
    // rtorrent refuses a torrent without a tracker. Nothing listens on this one's port.
    const announce = "http://127.0.0.1:1/announce";
    const tracked = concatBytes(
      utf8(`d8:announce${announce.length}:${announce}`),
      sample.torrent.subarray(1),
    );
    await Deno.writeFile(join(path, "sample.torrent"), tracked);
    await Deno.mkdir(join(path, "session"));
    const port = await freePort();
    await Deno.writeTextFile(
      join(path, "rtorrent.rc"),
      `system.daemon.set = true
       network.port_range.set = ${port}-${port}
       network.bind_address.set = 127.0.0.1
       protocol.pex.set = no
       dht.mode.set = disable
       directory.default.set = ${path}
       session.path.set = ${path}/session
       schedule2 = start, 1, 0, "load.start=${path}/sample.torrent"\n`,
    );
    await using _seeder = spawnCli(["-n", "-o", `import=${path}/rtorrent.rc`], {
      ...{ program: ["rtorrent"], home: path, timeoutMs: 240_000 },
    });
    await eventually(() => listens(port), "rtorrent listens");
    await assertRestIsFetched(port, sample, pieceBytes);
  },
);
