/**
 * The nodes of npm:bittorrent-dht in the lab's DHT. Arguments: the addresses, one node each; the first
 * has port 6881, the others any. Prints "ready HOST:PORT,…" and runs until it is killed.
 */

import { startTestnet } from "../../src/testnet/mod.ts";

const { nodes } = await startTestnet({
  nodes: Deno.args.length,
  hosts: Deno.args,
  port: 6881,
  nodesPerAnswer: 8,
});
console.log(`ready ${nodes.map(({ host, port }) => `${host}:${port}`)}`);
