/**
 * A tracker (BEP 3, BEP 23) for Transmission, whose DHT node needs minutes to find its first nodes.
 * Arguments: the address, and a directory, in which the file INFOHASH (in hexadecimal) holds a JSON
 * list of peers, `HOST:PORT`. The tracker knows no other torrents. Prints "ready".
 */

import { join } from "node:path";
import { concatBytes, utf8 } from "../../src/base/mod.ts";

const [hostname, directory] = Deno.args as [string, string];

/** Reads the infohash, which is percent-encoded bytes and no text, from a query. */
function infoHashIn(query: string): string {
  const [, encoded = ""] = /[?&]info_hash=([^&]*)/.exec(query) ?? [];
  const bytes = [...encoded.matchAll(/%([0-9a-f]{2})|(.)/gi)].map(([, hex, plain]) =>
    hex === undefined ? plain!.charCodeAt(0) : parseInt(hex, 16)
  );
  return new Uint8Array(bytes).toHex();
}

Deno.serve({ hostname, port: 80, onListen: () => console.log("ready") }, async ({ url }) => {
  const text = await Deno.readTextFile(join(directory, infoHashIn(url))).catch(() => "[]");
  const peers = (JSON.parse(text) as string[]).map((peer) => {
    const [host, port] = peer.split(":") as [string, string];
    return new Uint8Array([...host.split(".").map(Number), Number(port) >> 8, Number(port) & 255]);
  });
  const compact = concatBytes(...peers);
  const head = utf8(`d8:intervali60e5:peers${compact.length}:`);
  return new Response(concatBytes(head, compact, utf8("e")));
});
