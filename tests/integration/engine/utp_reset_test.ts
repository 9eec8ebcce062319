import assert from "node:assert/strict";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { RawUdp } from "../../support/raw_udp.ts";

const [RESET, SYN] = [0x31, 0x41];
const header = Uint8Array.of(SYN, 0, 0x12, 0x34, ...new Uint8Array(16));

Deno.test("a node answers a uTP handshake on its port with an ST_RESET, and nothing malformed", async () => {
  await using testnet = await startTestnet({ nodes: 2 });
  await using at = await TestEngine.start({ testnet });
  await using socket = await RawUdp.bind();
  const answers: Uint8Array[] = [];
  socket.onPacket = (packet) => answers.push(packet);
  const { malformed } = at.engine.dhtTraffic!;
  await eventually(async () => {
    await socket.send(header.subarray(1), at.engine.port);
    return at.engine.dhtTraffic!.malformed > malformed;
  }, "the malformed packet is counted");
  assert.equal(answers.length, 0);
  await eventually(async () => {
    await socket.send(header, at.engine.port);
    return answers.length > 0;
  }, "the handshake is answered");
  assert.equal(answers[0]!.length, header.length);
  assert.deepEqual([...answers[0]!.subarray(0, 4)], [RESET, 0, 0x12, 0x34]);
});
