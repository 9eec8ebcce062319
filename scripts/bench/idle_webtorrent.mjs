// WebTorrent on Node with many idle torrents. Argument: a directory with archives and torrents.
// Prints an object when all are seeded, then runs until it is killed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import WebTorrent from "webtorrent";

const directory = process.argv[2];
const client = new WebTorrent({
  torrentPort: 47123,
  tracker: false,
  lsd: false,
  utp: false,
  natUpnp: false,
  natPmp: false,
});
client.on("error", (error) => console.error(error.message));
const names = readdirSync(directory).filter((name) => name.endsWith(".torrent"));
let seeded = 0;
const count = () => {
  if (++seeded === names.length) console.log(JSON.stringify({ seeded }));
};
for (const name of names) {
  const torrent = client.add(readFileSync(join(directory, name)), {
    path: directory,
    skipVerify: true,
  });
  torrent.once("ready", count);
}
if (names.length === 0) console.log(JSON.stringify({ seeded }));
setInterval(() => {}, 3_600_000);
