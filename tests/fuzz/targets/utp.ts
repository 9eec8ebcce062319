/** Fuzz target of `src/utp`: packets to an endpoint with a connection and a half-open one. */

import assert from "node:assert/strict";
import { UtpEndpoint, UtpUsage } from "../../../src/utp/mod.ts";
import {
  type Header,
  HEADER_BYTES,
  makePacket,
  readPacket,
  ST,
  writeHeader,
} from "../../../src/utp/packet.ts";
import { stateless, type Target } from "../target.ts";

const [HOST, PORT] = ["198.51.100.7", 6881];
/** Sequence number of the endpoint's answers. */
const OURS = 1_000;
const header: Header = {
  type: ST.syn,
  connectionId: 7,
  timestampUs: 1,
  delayUs: 0,
  windowBytes: 100_000,
  seq: 65_530,
  ack: 0,
};
const limits = { connections: 8, halfOpen: 8, keptBytes: 1 << 20, flightBytes: 1 << 20 };

function packet(fields: Partial<Header>, payloadBytes = 0): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payloadBytes);
  writeHeader(bytes, { ...header, connectionId: 8, ack: OURS - 1, ...fields });
  return bytes;
}

/**
 * The input is a list of packets, each with a byte before it that says its length in 16 bytes. After
 * each, a part of the time that a timeout takes passes.
 */
const endpointTarget: Target = {
  name: "utp",
  cost: 4,
  seeds: () => {
    const sack = makePacket(
      { ...header, type: ST.state, connectionId: 8, ack: OURS + 1 },
      Uint8Array.of(5, 0, 0, 0),
    );
    return [
      list(packet({ type: ST.data, seq: 65_532 }, 30), packet({ type: ST.data, seq: 65_533 }, 9)),
      list(packet({ type: ST.state, ack: OURS + 3 }), sack, packet({ type: ST.fin, seq: 65_533 })),
      list(packet({ type: ST.syn, connectionId: 900 }), packet({ type: ST.reset, ack: OURS })),
    ];
  },
  open: stateless((input) => {
    let nowUs = 0;
    let due: (() => void) | undefined;
    let [bytesIn, unconfirmedOut] = [0, 0];
    let isConfirmed = false;
    const endpoint = new UtpEndpoint({
      nowUs: () => nowUs,
      after: (_delayMs, fire) => {
        due = fire;
        return { cancel: () => due = undefined };
      },
      random16: () => OURS,
      send: (bytes) => {
        assert.ok(readPacket(bytes) && bytes.length <= 1_472, "we send well-formed packets");
        if (!isConfirmed) unconfirmedOut += bytes.length;
      },
      onConnection: (socket) => {
        isConfirmed = true;
        socket.on("error", () => {});
        socket.onBytes = (bytes) => bytes.length % 3 > 0;
        socket.write(new Uint8Array(5_000));
      },
      usage: new UtpUsage(limits),
    });
    const give = (bytes: Uint8Array) => {
      bytesIn += bytes.length;
      endpoint.receive(bytes, HOST, PORT);
      assert.ok(isConfirmed || unconfirmedOut <= bytesIn, "no amplification");
    };
    give(packet({ connectionId: 7 }));
    give(packet({ type: ST.data, seq: 65_531 }, 1));
    assert.ok(isConfirmed);
    for (let at = 0; at < input.length;) {
      const end = at + 1 + input[at]! * 16 % 1_600;
      give(input.subarray(at + 1, end));
      at = end;
      nowUs += 300_000;
      const fire = due;
      due = undefined;
      fire?.();
      const { connections, halfOpen, keptBytes, flightBytes } = endpoint.counts;
      assert.ok(connections <= limits.connections && halfOpen <= limits.halfOpen);
      assert.ok(keptBytes >= 0 && keptBytes <= limits.keptBytes, `${keptBytes} bytes are kept`);
      assert.ok(flightBytes >= 0 && flightBytes <= limits.flightBytes, `${flightBytes} in flight`);
    }
    endpoint.close();
    const { connections, keptBytes, flightBytes } = endpoint.counts;
    assert.deepEqual([connections, keptBytes, flightBytes], [0, 0, 0], "nothing is left");
  }),
};

function list(...packets: Uint8Array[]): Uint8Array {
  return Uint8Array.from(packets.flatMap((bytes) => {
    const padded = new Uint8Array(Math.ceil(bytes.length / 16) * 16);
    padded.set(bytes);
    return [padded.length / 16, ...padded];
  }));
}

export const utpTargets: readonly Target[] = [endpointTarget];
