/**
 * Asks DHT nodes for the peers of a torrent (BEP 5 and BEP 32, get_peers), and prints what they name
 * as a JSON list of `HOST:PORT`. Arguments: the infohash in hexadecimal, then the nodes, `HOST:PORT`.
 * A node that does not answer within two seconds is left out.
 */

import dgram from "node:dgram";
import bencode from "bencode";
import { formatHostPort, parseCompactAddress } from "../../src/base/mod.ts";
import { parseHostPort } from "../../src/config/mod.ts";

const WAIT_MS = 2_000;
const [infoHashHex, ...nodes] = Deno.args as [string, ...string[]];
const query = bencode.encode({
  t: new Uint8Array([1, 2]),
  y: "q",
  q: "get_peers",
  // A read-only query (BEP 43), so that the nodes do not remember this script.
  ro: 1,
  a: { id: crypto.getRandomValues(new Uint8Array(20)), info_hash: Uint8Array.fromHex(infoHashHex) },
});
const peers = new Set<string>();
const isIpv6 = nodes.some((node) => node.startsWith("["));
const socket = dgram.createSocket(isIpv6 ? "udp6" : "udp4");
let missing = nodes.length;
const answered = Promise.withResolvers<void>();
socket.on("message", (packet) => {
  const values: Uint8Array[] = bencode.decode(packet).r?.values ?? [];
  for (const value of values) {
    const peer = parseCompactAddress(value);
    if (peer) peers.add(formatHostPort(peer));
  }
  if (--missing === 0) answered.resolve();
});
for (const node of nodes) {
  const { host, port } = parseHostPort(node);
  socket.send(query, port, host);
}
const timer = setTimeout(answered.resolve, WAIT_MS);
await answered.promise;
clearTimeout(timer);
socket.close();
console.log(JSON.stringify([...peers]));
