/** Tests that the gate dials a neighbour only after it has acknowledged an ST_SYN of the gate. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { toHex } from "../../../src/base/mod.ts";
import { GateClient, type HeardPeer } from "../../../src/gate/mod.ts";
import { connectGate } from "../../../src/gate_thread/mod.ts";
import { type Interface, Policy } from "../../../src/gate_thread/policy.ts";
import { openProbes } from "../../../src/gate_thread/utp_probes.ts";
import { eventually } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { freePort } from "../../support/free_port.ts";

const LOOPBACK: Interface = {
  ...{ name: "lo", family: "IPv4", scopeid: null },
  ...{ address: "127.0.0.1", cidr: "127.0.0.1/8" },
};
/** The own network of IPv6, as a unique local one. */
const LOOPBACK_6: Interface = {
  ...{ name: "lo", family: "IPv6", scopeid: 0 },
  ...{ address: "::1", cidr: "::1/128" },
};
const [ST_STATE, ST_RESET, ST_SYN] = [0x21, 0x31, 0x41];

/** Starts a gate to which 127.0.0.0/8 and ::1 are networks as any other, and announces a torrent. */
async function start() {
  const options = { allowLocal: false, interfaces: [LOOPBACK, LOOPBACK_6] };
  const gate = connectGate(options, (error) => {
    throw error;
  });
  const client = new GateClient(gate.open(), new FakeClock());
  const heard: HeardPeer[] = [];
  const discovery = client.discover(await freePort(), (peers) => heard.push(...peers));
  // No other run announces this torrent.
  const infoHashHex = toHex(crypto.getRandomValues(new Uint8Array(20)));
  await discovery.announce([infoHashHex]);
  return { client, discovery, heard, infoHashHex, [Symbol.dispose]: () => gate.terminate() };
}

/** A UDP socket of a neighbour, which answers each ST_SYN as it is told. */
function neighbour(answer: (syn: Uint8Array) => Uint8Array[] = () => [], host = "127.0.0.1") {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: host, port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  const received: Uint8Array[] = [];
  let gate: Deno.Addr | undefined;
  const receive = async () => {
    for await (const [bytes, from] of socket) {
      received.push(bytes);
      gate = from;
      for (const one of bytes[0] === ST_SYN ? answer(bytes) : []) await socket.send(one, from);
    }
  };
  receive().catch(() => {});
  return {
    ...{ host, port, received },
    /** Sends a datagram to the socket from which the gate sends. */
    send: (bytes: Uint8Array, to = gate) => socket.send(bytes, to!),
    get gate() {
      return gate;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

/** The ST_STATE that acknowledges an ST_SYN. */
function stateFor(syn: Uint8Array): Uint8Array {
  return Uint8Array.of(
    ST_STATE,
    0,
    ...syn.subarray(2, 4),
    ...new Uint8Array(12),
    0,
    9,
    ...syn.subarray(16, 18),
  );
}

async function codeOfDial(
  { client }: { client: GateClient },
  port: number,
  host = "127.0.0.1",
): Promise<string> {
  const socket = client.dial({ host, port });
  const code = await Promise.race([
    once(socket, "connect").then(() => "connected"),
    once(socket, "close").then(() => "closed"),
  ]).catch(({ code }) => code as string);
  socket.destroy();
  return code;
}

for (const ours of ["127.0.0.1", "::1"]) {
  Deno.test(`a neighbour at ${ours} that speaks uTP is reported, and may be dialled`, async () => {
    using at = await start();
    using peer = neighbour((syn) => [stateFor(syn)], ours);
    const { host, port } = peer;
    assert.equal(await codeOfDial(at, port, ours), "ADDRESS_REFUSED");
    await eventually(() => {
      at.discovery.probe({ host, port });
      return at.heard.length > 0;
    }, "the neighbour is reported");
    const { infoHashHex } = at;
    assert.deepEqual(at.heard[0], { infoHashHex, host, port, isDialling: true });
    // Nobody listens there.
    assert.notEqual(await codeOfDial(at, port, ours), "ADDRESS_REFUSED");
    // A lost ST_RESET is not repeated, but each ST_SYN that is answered has one.
    const reset = () => peer.received.find(([type]) => type === ST_RESET);
    await eventually(() => {
      at.discovery.probe({ host, port });
      return reset() !== undefined;
    }, "the connection by uTP is ended");
    const [syn] = peer.received;
    assert.deepEqual([syn![0], syn!.length, reset()!.length], [ST_SYN, 20, 20]);
  });
}

Deno.test("an answer that does not acknowledge the gate's ST_SYN makes no neighbour", async () => {
  using at = await start();
  let state: Uint8Array = new Uint8Array();
  using peer = neighbour((syn) => {
    const right = state = stateFor(syn);
    const changed = (index: number) => right.map((byte, at) => at === index ? byte ^ 1 : byte);
    return [syn, right.subarray(0, 19), changed(0), changed(3), changed(19)];
  });
  using other = neighbour((syn) => [stateFor(syn)]);
  await eventually(() => {
    at.discovery.probe(peer);
    return state.length > 0;
  }, "the neighbour is asked");
  // The right answer comes from another neighbour.
  await other.send(state, peer.gate);
  await eventually(() => {
    at.discovery.probe(other);
    return at.heard.length > 0;
  }, "the other neighbour is reported");
  assert.equal(at.heard[0]!.port, other.port);
  assert.equal(await codeOfDial(at, peer.port), "ADDRESS_REFUSED");
});

Deno.test("a thread under attack can send few datagrams, and only to neighbours", async () => {
  const clock = new FakeClock();
  const policy = new Policy({ clock, allowLocal: false, interfaces: [LOOPBACK] });
  const { send, sockets } = openProbes(policy, clock);
  using stack = new DisposableStack();
  const sent: number[] = [];
  for (const socket of sockets) {
    stack.defer(() => socket.close());
    socket.send = ({ host, port }) => {
      assert.equal(host, "127.0.0.1");
      return Promise.resolve(void sent.push(port));
    };
  }
  const probe = (host: string, port: number) => send({ host, port, bytes: Uint8Array.of(0) });
  for (const host of ["8.8.8.8", "192.168.1.7", "169.254.169.254", "::1", "localhost", ""]) {
    await probe(host, 6_881);
  }
  await probe("127.0.0.1", 53);
  for (let port = 6_881; port < 6_890; port++) {
    await probe("127.0.0.1", port);
    await probe("127.0.0.1", port);
  }
  const eight = [6_881, 6_882, 6_883, 6_884, 6_885, 6_886, 6_887, 6_888];
  assert.deepEqual(sent, eight);
  await clock.advance(2_000);
  await probe("127.0.0.1", 6_890);
  assert.deepEqual(sent, [...eight, 6_890], "two seconds later, one more is asked");
});
