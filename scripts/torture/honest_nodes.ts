/**
 * Honest nodes during a flood. Each node sends two `find_node` queries a second to the target. Half
 * of the nodes also answer queries, and so become known to the target; the other half stay
 * strangers. Arguments: own address, address and port of the target, seconds before the
 * measurement, seconds of the measurement. The measurement starts when a line is read from standard
 * input. Prints the queries and answers of both halves during the measurement.
 */

import { createSocket } from "node:dgram";
import { bdecode, type BDecoded, bencode } from "../../src/bencode/mod.ts";

const NODES = 8;
const [own, host, port, before, after] = Deno.args as [string, string, string, string, string];
const ANSWER_MS = 2_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const counts = { known: { asked: 0, answered: 0 }, strangers: { asked: 0, answered: 0 } };
let counting = false;

async function node(answers: boolean): Promise<() => void> {
  const id = crypto.getRandomValues(new Uint8Array(20));
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, own, resolve));
  const count = counts[answers ? "known" : "strangers"];
  const waiting = new Set<number>();
  let asked = 0;
  socket.on("message", (packet, from) => {
    const message = bdecode(new Uint8Array(packet)) as Map<string, BDecoded>;
    const t = message.get("t") as Uint8Array;
    if (packet.includes("1:y1:q")) {
      if (answers) socket.send(bencode({ t, y: "r", r: { id } }), from.port, from.address);
    } else if (waiting.delete(t[0]! << 8 | t[1]!)) count.answered++;
  });
  const timer = setInterval(() => {
    const number = asked++ & 0xffff;
    if (counting) {
      count.asked++;
      waiting.add(number);
      setTimeout(() => waiting.delete(number), ANSWER_MS);
    }
    const t = Uint8Array.of(number >> 8, number & 255);
    socket.send(bencode({ t, y: "q", q: "find_node", a: { id, target: id } }), Number(port), host);
  }, 500);
  return () => clearInterval(timer);
}

const ended = await Promise.all(Array.from({ length: NODES }, (_, i) => node(i % 2 === 0)));
await pause(Number(before) * 1_000);
console.log("acquainted");
await Deno.stdin.read(new Uint8Array(1));
counting = true;
await pause(Number(after) * 1_000);
counting = false;
for (const end of ended) end();
await pause(ANSWER_MS);
console.log(JSON.stringify(counts));
Deno.exit(0);
