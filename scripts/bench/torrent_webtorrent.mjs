/**
 * Unmodified WebTorrent on Node, on either side of a transfer: `seed TORRENT DIR` prints its port,
 * `leech TORRENT DIR PORT` ends when the download is complete.
 *
 * @module
 */

import process from "node:process";
import WebTorrent from "webtorrent";

const [what, torrent, path, port] = process.argv.slice(2);
const client = new WebTorrent({
  dht: false,
  tracker: false,
  lsd: false,
  natUpnp: false,
  natPmp: false,
  utp: false,
});
const added = client.add(torrent, { path, skipVerify: what === "seed" });
if (what === "seed") {
  client.on("listening", () => console.log(JSON.stringify({ port: client.torrentPort })));
} else {
  added.on("infoHash", () => added.addPeer(`127.0.0.1:${port}`));
  added.on("done", () => process.exit(0));
}
