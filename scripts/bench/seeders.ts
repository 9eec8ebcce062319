/**
 * The compared programs that seed: how each starts to seed a package, and how it shows that it is
 * ready.
 */

import { freePort } from "../../tests/support/free_port.ts";
import type { Program } from "./program.ts";
import {
  aria2Missing,
  libreseed,
  libtorrentMissing,
  libtorrentSeeder,
  nodeMissing,
  type PublishedPackage,
  start,
  tracker,
  webtorrent,
} from "./transfer.ts";
import { type Elsewhere, transmissionMissing, transmissionSeeder } from "./transmission.ts";

/** Starts a program that seeds a package, with a directory of its own. */
export type Seeder = (
  sample: PublishedPackage,
  directory: string,
) => Promise<{ program: Program; port: number; elsewhere?: Elsewhere }>;

/** The compared programs that seed, by name. libreseed comes first. */
export const seeders: Record<
  string,
  { seeder: Seeder; missing: () => Promise<string | undefined> }
> = {
  "libreseed seed": {
    missing: libtorrentMissing,
    async seeder({ home, bootstrap }) {
      const network = ["--bootstrap", bootstrap, "--allow-local", "--port", "0"];
      const program = start(libreseed("seed", "-q", "--json", "--home", home, ...network));
      const { port } = await program.next<{ port: number }>();
      return { program, port };
    },
  },
  "libtorrent": { missing: libtorrentMissing, seeder: (sample) => libtorrentSeeder(sample) },
  "aria2": {
    missing: aria2Missing,
    async seeder({ torrentPath, directory }) {
      // aria2 starts to seed only after a tracker has answered.
      await using nobody = tracker(1);
      const port = await freePort();
      const program = start([
        "aria2c",
        "--no-conf",
        "--quiet",
        `--dir=${directory}`,
        `--listen-port=${port}`,
        "--enable-dht=false",
        "--disable-ipv6=true",
        "--bt-enable-lpd=false",
        "--enable-peer-exchange=false",
        "--bt-seed-unverified=true",
        "--check-integrity=false",
        "--allow-overwrite=true",
        "--seed-ratio=0",
        "--bt-max-peers=0",
        `--bt-tracker=${nobody.url}`,
        torrentPath,
      ]);
      await listening(port);
      return { program, port };
    },
  },
  "WebTorrent on Node": {
    missing: nodeMissing,
    async seeder({ torrentPath, directory }) {
      const program = start(webtorrent("seed", torrentPath, directory));
      const { port } = await program.next<{ port: number }>();
      return { program, port };
    },
  },
  "transmission": { missing: transmissionMissing, seeder: transmissionSeeder },
};

async function listening(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
