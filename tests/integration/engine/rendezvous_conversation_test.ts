/**
 * A conversation at a rendezvous, whose bytes an independent program has made.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import { decodeAnswer, decodeQuestion, type RendezvousQuestion } from "../../../src/records/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { namesIdOf } from "../../support/rendezvous.ts";
import { extendedMessage, WirePeer } from "../../support/wire_peer.ts";
import vectors from "../../vectors/rendezvous.json" with { type: "json" };

const [place] = vectors.places;
const said = (from: string, what: string) => {
  const one = vectors.conversation.find((one) => one.from === from && one.what.startsWith(what))!;
  return fromHex(one.bytesHex)!;
};
/** Length prefix, message type and extension id, bytes. */
const HEADER_BYTES = 6;

Deno.test("a conversation at a rendezvous is as in the vectors", async () => {
  const asked: RendezvousQuestion[] = [];
  const answer = said("peer", "the answer").subarray(HEADER_BYTES);
  await using engine = await TestEngine.start({
    onQuestion: (question) => {
      asked.push(question);
      return Promise.resolve(decodeAnswer(answer).answer);
    },
  });
  engine.engine.rendezvous.setPlaces(new Set([place!.infoHashHex]));
  const question = said("asker", "the question").subarray(HEADER_BYTES);
  const heard: string[] = [];
  using _peer = await WirePeer.dial(
    engine.engine.port,
    { infoHash: fromHex(place!.infoHashHex)! },
    {
      handshake: said("asker", "handshake"),
      opened: (peer) => peer.send(said("asker", "extended handshake")),
      message: (peer, id, body) => {
        const theirId = namesIdOf(id, body);
        if (theirId !== undefined) return peer.send(extendedMessage(theirId, question));
        // 9 is the id that the asker's extended handshake gives to `lr_names`.
        if (id === 20 && body[0] === 9) heard.push(toHex(body.subarray(1)));
      },
    },
  );
  await eventually(() => heard.length > 0, "the answer has come");
  assert.deepEqual(heard, [toHex(answer)]);
  assert.deepEqual(asked, [decodeQuestion(question)!.question]);
});
