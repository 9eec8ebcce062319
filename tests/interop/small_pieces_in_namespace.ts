/**
 * The part of `small_pieces_test.ts` that runs in a network namespace: our engine, and Transmission on
 * another address, which download from each other.
 */

import { join } from "node:path";
import { TestEngine } from "../support/engines.ts";
import { type CliProcess, freePort, spawnCli, temporaryHome } from "../support/mod.ts";
import { assertFile, download, FILE_NAME, magnetOf, smallPieces, tracker } from "./small_pieces.ts";

const [ourAddress, transmissionAddress] = Deno.args as [string, string];
const sample = smallPieces();

/** Starts Transmission with a directory for its downloads. It prints `finished` when one is complete. */
async function transmission(
  home: string,
  source: string,
  port: number,
  flags: readonly string[] = [],
): Promise<CliProcess> {
  const config = join(home, "config");
  await Deno.mkdir(config);
  await Deno.writeTextFile(
    join(config, "settings.json"),
    JSON.stringify({
      ...{ "bind-address-ipv4": transmissionAddress, "utp-enabled": false, "dht-enabled": false },
      ...{ "lpd-enabled": false, "pex-enabled": false },
    }),
  );
  const finished = join(home, "finished");
  await Deno.writeTextFile(finished, "#!/bin/sh\necho finished\n", { mode: 0o755 });
  return spawnCli([
    ...["--config-dir", config, "--download-dir", home, "--port", `${port}`, "--no-portmap"],
    ...["--finish", finished, ...flags, source],
  ], { program: ["transmission-cli"], home, timeoutMs: 600_000 });
}

{
  await using ours = await TestEngine.start({ binding: { ipv4: ourAddress } });
  await ours.seed(sample);
  await using from = tracker({ host: ourAddress, port: ours.engine.port });
  await using home = await temporaryHome();
  await using reader = await transmission(home.path, magnetOf(sample, from.url), await freePort());
  await reader.waitForLine(/finished$/, "stdout");
  await assertFile(home.path, sample);
}
{
  await using home = await temporaryHome();
  const torrent = join(home.path, "sample.torrent");
  await Deno.writeFile(torrent, sample.torrent);
  await Deno.writeFile(join(home.path, FILE_NAME), sample.content);
  const port = await freePort();
  await using _seeder = await transmission(home.path, torrent, port, ["--verify"]);
  await using reader = await TestEngine.start({ binding: { ipv4: ourAddress } });
  await download(reader, sample, { host: transmissionAddress, port });
}
console.log("downloaded");
