/** Tests engines that are bound to addresses of this machine, which is all of 127.0.0.0/8 here. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import type { BindingState } from "../../../src/base/mod.ts";
import type { DhtState } from "../../../src/engine/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";

const MAX_BYTES = 10 * 1024 * 1024;
const lost: BindingState = { state: "lost", why: "tun0 is gone" };

/** Whether an address accepts TCP connections. */
function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}

/** A UDP socket that counts packets by the addresses from which they come. */
async function udpCounter() {
  const socket = createSocket("udp4");
  const from: string[] = [];
  socket.on("message", (_bytes, { address }) => from.push(address));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { from, address: { host: "127.0.0.1", port: socket.address().port }, socket };
}

Deno.test("a bound engine listens at its address only, and dials and asks nodes from there", async () => {
  const node = await udpCounter();
  const sample = sampleTorrent(300 * 1024);
  await using seeder = await TestEngine.start({ binding: { ipv4: "127.0.0.2" } });
  await seeder.seed(sample);
  const { port } = seeder.engine;
  assert.equal(await accepts("127.0.0.2", port), true);
  assert.equal(await accepts("127.0.0.1", port), false);

  await using leecher = await TestEngine.start({
    binding: { ipv4: "127.0.0.3" },
    dht: true,
    bootstrap: [node.address],
  });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialled = listener.accept().then((connection) => {
    connection.close();
    return connection.remoteAddr.hostname;
  });
  const peers = [{ host: "127.0.0.1", port: listener.addr.port }, { host: "127.0.0.2", port }];
  const got = await leecher.download(sample, [], { peers, maxBytes: MAX_BYTES });
  assert.deepEqual(got, sample.content);
  assert.equal(await dialled, "127.0.0.3");
  await eventually(() => node.from.length > 0, "the bootstrap node is asked");
  assert.deepEqual([...new Set(node.from)], ["127.0.0.3"]);
  listener.close();
  node.socket.close();
});

Deno.test("while its address is lost, an engine has no connection, listener or UDP socket", async () => {
  const node = await udpCounter();
  const states: DhtState[] = [];
  await using at = await TestEngine.start({
    binding: { ipv4: "127.0.0.2" },
    dht: true,
    bootstrap: [node.address],
    onDhtState: (state) => states.push(state),
  });
  const sample = sampleTorrent(300 * 1024);
  await at.seed(sample);
  const { port } = at.engine;
  const peer = connect(port, "127.0.0.2");
  await once(peer, "connect");
  await eventually(() => node.from.length > 0, "the bootstrap node is asked");
  const reset = new Promise<string | undefined>((resolve) => {
    peer.once("error", ({ code }: Error & { code?: string }) => resolve(code));
  });
  at.engine.setBindingState(lost);
  assert.equal(await reset, "ECONNRESET", "the kernel must not send unacknowledged bytes again");
  await eventually(async () => !await accepts("127.0.0.2", port), "the listener is closed");
  assert.deepEqual(states.at(-1), { state: "off", why: "tun0 is gone" });
  assert.equal(at.engine.node(), undefined);
  // A download finds nobody while the address is lost, and goes on afterwards.
  await using seeder = await TestEngine.start();
  const other = sampleTorrent(200 * 1024);
  await seeder.seed(other);
  let isDialled = false;
  const stop = new AbortController();
  const waiting = at.download(other, [seeder], {
    maxBytes: MAX_BYTES,
    signal: stop.signal,
    onProgress: ({ peers }) => isDialled ||= peers > 0,
  });
  waiting.catch(() => {});
  const asked = node.from.length;

  at.engine.setBindingState({ state: "bound" });
  await eventually(() => accepts("127.0.0.2", port), "the listener is open again");
  assert.equal(isDialled, false);
  await eventually(() => node.from.length > asked, "the bootstrap node is asked again");
  at.engine.addPeers(other.infoHashHex, [seeder.address]);
  assert.deepEqual(await waiting, other.content);
  stop.abort();
  node.socket.close();
});

Deno.test("an engine that starts while its address is unusable sends nothing until it is usable", async () => {
  const node = await udpCounter();
  await using at = await TestEngine.start({
    binding: { ipv4: "127.0.0.2" },
    bindingState: lost,
    dht: true,
    bootstrap: [node.address],
  });
  assert.deepEqual(at.engine.dhtState, { state: "off", why: "tun0 is gone" });
  const { port } = at.engine;
  await eventually(async () => !await accepts("127.0.0.2", port), "the listener is closed");
  assert.equal(node.from.length, 0);
  at.engine.setBindingState({ state: "bound" });
  await eventually(() => node.from.length > 0, "the bootstrap node is asked");
  await eventually(() => accepts("127.0.0.2", port), "the listener is open");
  node.socket.close();
});

Deno.test("an engine that is bound to an address of each family listens at both", async () => {
  await using at = await TestEngine.start({ binding: { ipv4: "127.0.0.2", ipv6: "::1" } });
  const { port } = at.engine;
  assert.equal(await accepts("127.0.0.2", port), true);
  assert.equal(await accepts("::1", port), true);
  assert.equal(await accepts("127.0.0.1", port), false);
  at.engine.setBindingState(lost);
  await eventually(async () => !await accepts("::1", port), "both listeners are closed");
  at.engine.setBindingState({ state: "bound" });
  await eventually(() => accepts("::1", port), "both listeners are open again");
  assert.equal(await accepts("127.0.0.2", port), true);
});

Deno.test("an engine that is bound to an IPv6 address serves there, without a DHT", async () => {
  await using at = await TestEngine.start({ binding: { ipv6: "::1" }, dht: true });
  const { port } = at.engine;
  assert.equal(await accepts("::1", port), true);
  assert.equal(await accepts("127.0.0.1", port), false);
  assert.equal(at.engine.dhtState.state, "off");
  at.engine.setBindingState(lost);
  at.engine.setBindingState({ state: "bound" });
  await eventually(() => accepts("::1", port), "the listener is open again");
  assert.equal(at.engine.dhtState.state, "off");
});
