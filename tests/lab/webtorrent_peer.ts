/**
 * WebTorrent as it is, a member of a swarm. Arguments: a torrent file, the directory of the data, the
 * port, and the bootstrap nodes of the DHT. Goes on seeding until it is ended.
 */

import WebTorrent from "webtorrent";

interface Client {
  add(torrent: Uint8Array, options: { path: string }): void;
  on(event: "error", listener: (error: Error) => void): void;
}

const [torrent, path, port, ...bootstrap] = Deno.args as [string, string, string, ...string[]];
const Constructor = WebTorrent as unknown as new (options: Record<string, unknown>) => Client;
const client = new Constructor({
  torrentPort: Number(port),
  dht: { bootstrap },
  // Features whose packages are replaced by stand-ins.
  ...{ tracker: false, lsd: false, utp: false, natUpnp: false, natPmp: false, webSeeds: false },
});
client.on("error", (error) => {
  console.error(error);
  Deno.exit(1);
});
client.add(await Deno.readFile(torrent), { path });
