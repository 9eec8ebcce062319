/**
 * The engine of libreseed in a process of its own, for `pieces.ts`. It runs in the main thread, so that a
 * profile of the process (`deno run --cpu-prof`) shows the engine. Arguments:
 *
 *   read TORRENT PORT FILE [TRANSPORT]   downloads from a peer on 127.0.0.1
 *   magnet INFOHASH PORT FILE            downloads, with the metadata from the peer
 *   seed TORRENT FILE [TRANSPORT]        seeds a file; prints its port, and the processor time at each line
 *
 * @module
 */

import { createHash } from "node:crypto";
import { systemClock } from "../../src/base/mod.ts";
import { Engine } from "../../src/engine/mod.ts";
import { findInfoDictionary } from "../../src/package/torrent/info_dictionary.ts";
import { tell } from "./program.ts";
import { usage } from "./transfer.ts";

function startEngine(transport = "tcp"): Promise<Engine> {
  return Engine.start({
    clock: systemClock,
    port: 0,
    dht: transport === "utp",
    transport: transport === "utp" ? "utp" : "tcp",
    encryption: "off",
    bootstrap: [],
  });
}

function infoHashOf(torrent: Uint8Array): string {
  return createHash("sha1").update(findInfoDictionary(torrent)!).digest("hex");
}

async function read(
  source: { infoHashHex: string; torrent?: Uint8Array },
  port: number,
  filePath: string,
  transport?: string,
): Promise<void> {
  const engine = await startEngine(transport);
  const { cpuSeconds: before } = await usage(Deno.pid);
  const begunMs = performance.now();
  let firstMs: number | undefined;
  await engine.download({
    ...source,
    filePath,
    maxBytes: 2 ** 40,
    peers: [{ host: "127.0.0.1", port }],
    onProgress: ({ readyBytes }) => {
      if (readyBytes > 0) firstMs ??= performance.now() - begunMs;
    },
  });
  const seconds = (performance.now() - begunMs) / 1_000;
  const { cpuSeconds, residentMiB } = await usage(Deno.pid);
  tell({ seconds, first: firstMs! / 1_000, cpu: cpuSeconds - before, resident: residentMiB });
  await engine.close();
}

async function seed(torrent: Uint8Array, filePath: string, transport?: string): Promise<void> {
  const engine = await startEngine(transport);
  const { size: lengthBytes } = await Deno.stat(filePath);
  await engine.seed([{ infoHashHex: infoHashOf(torrent), torrent, filePath, lengthBytes }]);
  tell({ port: engine.port });
  const input = new Uint8Array(1);
  while (await Deno.stdin.read(input)) {
    const { cpuSeconds, residentMiB } = await usage(Deno.pid);
    tell({ cpu: cpuSeconds, resident: residentMiB });
  }
}

const [what, first, second, third, fourth] = Deno.args as [string, string, string, string, string?];
if (what === "magnet") await read({ infoHashHex: first }, Number(second), third);
else {
  const torrent = await Deno.readFile(first);
  if (what === "seed") await seed(torrent, second, third);
  else await read({ infoHashHex: infoHashOf(torrent), torrent }, Number(second), third, fourth);
}
Deno.exit(0);
