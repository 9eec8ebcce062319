/** Tests the search for the largest datagram that a path carries. */

import assert from "node:assert/strict";
import { SAFE_DATAGRAM_BYTES } from "../../../src/utp/path_mtu.ts";
import { ACCEPTOR, makePair } from "../../support/utp_network.ts";

for (const mtuBytes of [SAFE_DATAGRAM_BYTES, 1_280, 1_392, 1_464, 1_472, 9_000]) {
  Deno.test(`on a path for ${mtuBytes} bytes, datagrams become as long as it carries`, async () => {
    const pair = makePair(1, { delayMs: 20, mtuBytes });
    const { dialled, accepted } = await pair.open();
    accepted.onBytes = () => true;
    accepted.resume();
    let longest = 0;
    pair.network.onSend = ({ bytes }) => longest = Math.max(longest, bytes.length);
    const ended = new Promise((resolve) => accepted.once("end", resolve));
    const length = 16 * 1024 * 1024;
    dialled.write(new Uint8Array(length));
    await pair.network.clock.advance(20_000);
    const { datagramBytes } = dialled.figures!;
    assert.ok(datagramBytes <= Math.min(mtuBytes, 1_472), `${datagramBytes} bytes`);
    assert.ok(datagramBytes > Math.min(mtuBytes, 1_472) - 16, `${datagramBytes} bytes`);
    assert.ok(longest <= 1_472, "no probe is longer than an Ethernet frame");
    dialled.end();
    await pair.network.clock.until(ended);
    assert.equal(accepted.bytesRead, length + 1);
  });
}

Deno.test("over IPv6, datagrams are as long as a frame without its longer header", async () => {
  const pair = makePair(1, { delayMs: 20 });
  const { network } = pair;
  const [a, b] = ["2001:db8::1", "2001:db8::2"];
  const dialler = network.add(a);
  network.add(b, (socket) => void socket.resume());
  network.connect(a, b, network.makeLink({ delayMs: 1 }));
  network.connect(b, a, network.makeLink({ delayMs: 1 }));
  const socket = dialler.connect(b, 6881);
  socket.write(new Uint8Array(1024 * 1024));
  await network.clock.advance(5_000);
  assert.equal(socket.figures!.datagramBytes, 1_452);
});

Deno.test("a lost probe does not make the window smaller", async () => {
  const pair = makePair(1, { delayMs: 20, mtuBytes: SAFE_DATAGRAM_BYTES });
  const { dialled, accepted } = await pair.open();
  accepted.resume();
  let smallest = Infinity;
  pair.network.onSend = ({ from }) => {
    if (from === ACCEPTOR) smallest = Math.min(smallest, dialled.figures!.windowBytes);
  };
  dialled.write(new Uint8Array(4 * 1024 * 1024));
  await pair.network.clock.advance(3_000);
  assert.ok(smallest >= 10 * (SAFE_DATAGRAM_BYTES - 20), `${smallest} bytes`);
});
