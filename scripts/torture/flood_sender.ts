/**
 * Sends packets of several kinds to a UDP port of this machine at full speed. Arguments: `PORT
 * SECONDS`. Prints the number of sent packets.
 */

import { createSocket } from "node:dgram";
import { bencode } from "../../src/bencode/mod.ts";

const [port, seconds] = Deno.args.map(Number) as [number, number];
const id = () => crypto.getRandomValues(new Uint8Array(20));
const query = (name: string, args: Record<string, Uint8Array>) =>
  bencode({ t: "aa", y: "q", q: name, a: { id: id(), ...args } });
const packets = Array.from({ length: 400 }, (_, i) =>
  [
    query("ping", {}),
    query("find_node", { target: id() }),
    query("get_peers", { info_hash: id() }),
    query("get", { target: id() }),
    crypto.getRandomValues(new Uint8Array(300)),
  ][i % 5]!);
const socket = createSocket("udp4");
const endMs = performance.now() + seconds * 1_000;
let sent = 0;
while (performance.now() < endMs) {
  await Promise.all(
    packets.map((packet) =>
      new Promise<void>((resolve) =>
        socket.send(packet, port, "127.0.0.1", (error) => {
          if (!error) sent++;
          resolve();
        })
      )
    ),
  );
}
socket.close();
console.log(sent);
