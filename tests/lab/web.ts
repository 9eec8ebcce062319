/**
 * Web seeds: a package that nobody seeds and that nginx serves as plain files, read by its
 * publisher's key, by magnet link and by torrent file.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { spawnCli } from "../support/mod.ts";
import type { Lab, Package } from "./lab.ts";
import type { Place } from "./network.ts";
import { aria2, libreseed, libreseedIn, libtorrent, transmission } from "./programs.ts";
import type { Pair, Topology } from "./topologies.ts";

const BYTES = 4 * 2 ** 20;
const LIMIT_MS = 60_000;

/** Starts nginx, which serves a directory at port 80 of a place until the lab ends. */
async function startNginx(lab: Lab, place: Place, root: string): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "nginx-" });
  const config = join(directory, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((what) => `${what}_temp_path ${directory}/${what};`).join(" ");
  await Deno.writeTextFile(
    config,
    `daemon off; user root; pid ${directory}/pid; error_log stderr notice; events {}
     http { access_log off; ${temporary} server { listen 80; root ${root}; } }`,
  );
  const program = [...place.enter, "nginx", "-e", "stderr", "-c", config];
  const process = lab.network.owns(spawnCli([], { program, timeoutMs: 2 ** 31 - 1 }));
  await process.waitForLine(/start worker process/, "stderr");
}

/**
 * Packs a package, has nginx serve it, and publishes it. Its record is in the DHT, and no peer has the
 * package.
 */
export async function host(lab: Lab, bytes: number): Promise<Package> {
  const web = await lab.network.host("web");
  const subject = await lab.pack("hosted", bytes, [`http://${web.address}/`]);
  await startNginx(lab, web, dirname(subject.archive));
  const place = await lab.network.host("publisher");
  const home = await lab.home(subject.name);
  const flags = ["--bootstrap", lab.dht.bootstrap.join(",")];
  const options = { home, program: libreseedIn(place), timeoutMs: 600_000 };
  const { code, stderr } = await spawnCli(["publish", ...flags, subject.archive], options).result;
  if (code !== 0) throw new Error(`publish ended with ${code}: ${stderr}`);
  return subject;
}

/** The rows of web seeds. Other programs cannot begin by a magnet link, since no peer has metadata. */
export const webTopology: Topology = {
  name: "web-seed",
  about: "a package of 4 MiB that nobody seeds, from nginx, 80 ms away",
  needs: ["python3-libtorrent", "transmission-cli", "aria2c", "nginx"],
  isShort: true,
  async build(lab): Promise<Pair[]> {
    const subject = await host(lab, BYTES);
    const place = await lab.network.host("reader");
    const others = [libreseed, libtorrent(), transmission, aria2()];
    const readers = [
      { name: "libreseed, KEY/NAME", read: libreseed.readByName },
      { name: "libreseed, magnet", read: libreseed.read },
      ...others.map(({ name, readTorrent }) => ({ name: `${name}, .torrent`, read: readTorrent })),
    ];
    return readers.map(({ name, read }) => ({
      seeder: "nginx",
      reader: name,
      measure: () => lab.read(read, place, subject, LIMIT_MS),
    }));
  },
};
