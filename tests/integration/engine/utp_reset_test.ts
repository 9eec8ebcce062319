import assert from "node:assert/strict";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { RawUdp } from "../../support/raw_udp.ts";

const [DATA, STATE, RESET, SYN] = [0x01, 0x21, 0x31, 0x41];
const header = Uint8Array.of(SYN, 0, 0x12, 0x34, ...new Uint8Array(16));

Deno.test("a node without uTP answers a handshake of uTP with an ST_RESET, and nothing malformed", async () => {
  await using testnet = await startTestnet({ nodes: 2 });
  await using at = await TestEngine.start({ testnet, transport: "tcp" });
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

Deno.test("a node with uTP answers a handshake with an ST_STATE, and data of no connection with an ST_RESET", async () => {
  await using testnet = await startTestnet({ nodes: 2 });
  await using at = await TestEngine.start({ testnet });
  await using socket = await RawUdp.bind();
  const answers: Uint8Array[] = [];
  socket.onPacket = (packet) => answers.push(packet);
  for (const [sent, answered] of [[SYN, STATE], [DATA, RESET]] as const) {
    answers.length = 0;
    const packet = Uint8Array.of(sent, ...header.subarray(1), ...(sent === DATA ? [1] : []));
    await eventually(async () => {
      await socket.send(packet, at.engine.port);
      return answers.some(([type]) => type === answered);
    }, "the packet is answered");
    const answer = answers.find(([type]) => type === answered)!;
    assert.equal(answer.length, 20);
    assert.deepEqual([...answer.subarray(0, 4)], [answered, 0, 0x12, 0x34]);
  }
});
