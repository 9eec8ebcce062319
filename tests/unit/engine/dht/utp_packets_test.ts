/** Tests which packets are reported as attempts to connect. */

import assert from "node:assert/strict";
import { UtpPackets } from "../../../../src/engine/dht/utp_packets.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const packet = (type: number) =>
  Uint8Array.of(type, 0, 0x12, 0x34, ...new Uint8Array(12), 0, 1, 0, 0);
const [ST_STATE, ST_SYN] = [0x21, 0x41];

function open() {
  const packets = new UtpPackets(new FakeClock(), { sendUtp: () => true });
  const senders: string[] = [];
  packets.onSyn = (host, port) => senders.push(`${host}:${port}`);
  return { packets, senders };
}

Deno.test("the sender of an ST_SYN is reported, whether uTP is spoken or refused", () => {
  const { packets, senders } = open();
  packets.take(packet(ST_SYN), "192.168.1.7", 7_000);
  packets.receiver = () => "taken";
  packets.take(packet(ST_SYN), "192.168.1.8", 7_000);
  packets.take(packet(ST_STATE), "192.168.1.9", 7_000);
  assert.deepEqual(senders, ["192.168.1.7:7000", "192.168.1.8:7000"]);
});

Deno.test("an ST_SYN that is malformed or beyond the limits is not reported", () => {
  const { packets, senders } = open();
  packets.take(packet(ST_SYN).subarray(0, 19), "192.168.1.7", 7_000);
  packets.receiver = () => "limited";
  packets.take(packet(ST_SYN), "192.168.1.7", 7_000);
  assert.deepEqual(senders, []);
});
