import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/mod.ts";
import type { OpenChannel } from "../../../src/gate/client_channel.ts";
import { type HeardPeer, startDiscovery } from "../../../src/gate/client_discovery.ts";
import type { Tell } from "../../../src/gate_thread/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const HASHES = ["a".repeat(40), "b".repeat(40)];

Deno.test("a port at which nobody speaks uTP refuses it before the port is announced", () => {
  const kinds: string[] = [];
  const open: OpenChannel = ({ kind }) => {
    kinds.push(kind);
    return { send() {}, credit() {}, close() {} } as unknown as ReturnType<OpenChannel>;
  };
  startDiscovery(open, systemClock, { port: 6_881, isTcpOnly: true }, () => {}, () => {});
  assert.deepEqual(kinds, ["refuse", "discover"]);
});

/** Begins a discovery with a second port, over scripted channels. */
function begin() {
  const clock = new FakeClock();
  const sent: { port: number; count: number }[] = [];
  const tell = new Map<string, (told: Tell) => void>();
  const open: OpenChannel = ({ kind }, onTold) => {
    tell.set(kind, onTold);
    const send = (packets: { port: number; bytes: Uint8Array }[]) => {
      for (const { port, bytes } of packets) sent.push({ port, count: bytes.length / 20 });
    };
    return { send, credit() {}, close() {} } as unknown as ReturnType<OpenChannel>;
  };
  const heard: HeardPeer[] = [];
  const ports = { port: 50_000, isTcpOnly: true, laterPort: 7_881 };
  const discovery = startDiscovery(open, clock, ports, (peers) => heard.push(...peers), () => {});
  return {
    clock,
    sent,
    heard,
    discovery,
    tell: (kind: string, told: Tell) => tell.get(kind)!(told),
  };
}

Deno.test("a second port is announced two seconds after the first, unless discovery has ended", async () => {
  const { clock, sent, discovery } = begin();
  await discovery.announce(HASHES);
  await clock.advance(1_999);
  assert.deepEqual(sent, [{ port: 0, count: 2 }]);
  await clock.advance(1);
  assert.deepEqual(sent, [{ port: 0, count: 2 }, { port: 7_881, count: 2 }]);
  await discovery.announce(HASHES);
  discovery.close();
  await clock.advance(10_000);
  assert.equal(sent.length, 3);
});

Deno.test("with a second port, a neighbour that is refused is reported for the latest torrents alone", async () => {
  const { clock, heard, discovery, tell } = begin();
  await discovery.announce(HASHES.slice(0, 1));
  await clock.advance(11_000);
  await discovery.announce(HASHES.slice(1));
  const packets = [{ host: "192.168.1.7", port: 6_881, bytes: new Uint8Array() }];
  tell("refuse", { tell: "packets", id: 1, packets });
  assert.deepEqual(heard, [{ infoHashHex: HASHES[1]!, host: "192.168.1.7", port: 6_881 }]);
  discovery.close();
});
