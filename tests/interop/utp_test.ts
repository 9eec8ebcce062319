/** Tests uTP with libtorrent, in both directions. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { equalBytes } from "../../src/base/mod.ts";
import { TestEngine } from "../support/engines.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { freePort, temporaryHome } from "../support/mod.ts";
import { sampleTorrent } from "../support/torrents.ts";
import { runLibtorrent, startSeeder } from "./libtorrent.ts";

const needs = ["python3-libtorrent"];
const sample = sampleTorrent(8 * 1024 * 1024, { seed: 29 });
const NAME = "sample-29";
const BOTH = { enable_outgoing_utp: true, enable_incoming_utp: true };
const UTP_ONLY = { ...BOTH, enable_outgoing_tcp: false, enable_incoming_tcp: false };

for (const [what, settings] of Object.entries({ "uTP alone": UTP_ONLY, "its defaults": BOTH })) {
  await interopTest(`libtorrent with ${what} downloads from us by uTP`, needs, async () => {
    await using at = await TestEngine.start({ dht: true });
    await using dir = await temporaryHome();
    await at.seed(sample);
    const torrent = join(dir.path, "sample.torrent");
    await Deno.writeFile(torrent, sample.torrent);
    const lines = await runLibtorrent({
      ...{ do: "download" as const, torrent, dir: dir.path, settings },
      peers: [["127.0.0.1", at.engine.port]],
    });
    assert.ok(equalBytes(await Deno.readFile(join(dir.path, NAME)), sample.content));
    assert.ok(!lines.some(({ utpReset }) => utpReset), JSON.stringify(lines));
    const { accepted, bytesOut } = at.engine.utp!;
    assert.ok(accepted >= 1 && bytesOut > sample.content.length, `${accepted}, ${bytesOut} bytes`);
  });
}

for (const transport of ["both", "utp"] as const) {
  for (const encryption of ["off", "require"] as const) {
    await interopTest(
      `we download from libtorrent with uTP alone, transport ${transport}, encryption ${encryption}`,
      needs,
      async () => {
        await using at = await TestEngine.start({ dht: true, transport, encryption });
        await using dir = await temporaryHome();
        const torrent = join(dir.path, "sample.torrent");
        await Deno.writeFile(torrent, sample.torrent);
        await Deno.writeFile(join(dir.path, NAME), sample.content);
        const port = await freePort();
        await using _seeder = await startSeeder({
          ...{ torrent, dir: dir.path, port, settings: UTP_ONLY },
        });
        const filePath = at.path("downloaded");
        await at.engine.download({
          ...{ infoHashHex: sample.infoHashHex, filePath, maxBytes: 100 * 1024 * 1024 },
          peers: [{ host: "127.0.0.1", port }],
        });
        assert.ok(equalBytes(await Deno.readFile(filePath), sample.content));
        const { dialled, bytesIn } = at.engine.utp!;
        assert.ok(dialled >= 1 && bytesIn > sample.content.length, `${dialled}, ${bytesIn} bytes`);
      },
    );
  }
}
