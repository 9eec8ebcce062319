/**
 * A compared program: makes a torrent with npm:create-torrent, which WebTorrent includes.
 * Arguments: path of the file, path of the torrent.
 */

import { fileURLToPath, pathToFileURL } from "node:url";

const [input, output] = Deno.args as [string, string];
const packages = fileURLToPath(new URL("../../node_modules/.deno/", import.meta.url));
const found = [...Deno.readDirSync(packages)].find(({ name }) =>
  name.startsWith("create-torrent@")
);
if (!found) throw new Error(`there is no create-torrent in ${packages}`);
const path = `${packages}${found.name}/node_modules/create-torrent/index.js`;
const { default: createTorrent } = await import(pathToFileURL(path).href);
const torrent = await new Promise<Uint8Array>((resolve, reject) => {
  createTorrent(input, {}, (error: Error | null, made: Uint8Array) => {
    if (error) reject(error);
    else resolve(made);
  });
});
await Deno.writeFile(output, torrent);
Deno.exit(0);
