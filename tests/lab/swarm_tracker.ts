/**
 * A tracker (BEP 3, BEP 23) of one torrent, which names all who have asked it before. Arguments: its
 * address, and a peer that it knows from the start, `HOST:PORT`. Prints "ready".
 */

import { concatBytes, utf8 } from "../../src/base/mod.ts";

const [hostname, first] = Deno.args as [string, string];
const peers = new Set([first]);

function compact(peer: string): Uint8Array {
  const [host, port] = peer.split(":") as [string, string];
  return new Uint8Array([...host.split(".").map(Number), Number(port) >> 8, Number(port) & 255]);
}

Deno.serve(
  { hostname, port: 80, onListen: () => console.log("ready") },
  ({ url }, { remoteAddr }) => {
    const port = /[?&]port=(\d+)/.exec(url)?.[1];
    const asking = `${remoteAddr.hostname}:${port}`;
    const others = concatBytes(...[...peers].filter((peer) => peer !== asking).map(compact));
    if (port !== undefined) peers.add(asking);
    const head = utf8(`d8:intervali10e12:min intervali5e5:peers${others.length}:`);
    return new Response(concatBytes(head, others, utf8("e")));
  },
);
