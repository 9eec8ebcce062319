/**
 * One side of `rendezvous.ts`, in a process of its own. Arguments:
 *
 *   met                        is met at the rendezvous of a name; prints its port. Between two lines
 *                              on standard input it measures what it uses, and prints that
 *   plain PORT PER_SECOND      begins so many connections a second, with four questions each
 *   elsewhere PORT PER_SECOND  does so for an infohash that the engine does not have
 *   encrypted PORT PER_SECOND  does so with encryption, and one question each
 */

import { toHex } from "../../src/base/mod.ts";
import {
  encodeQuestion,
  MAX_QUESTIONS,
  type RendezvousAnswer,
  rendezvousOf,
  type RendezvousQuestion,
} from "../../src/records/mod.ts";
import { TestEngine } from "../../tests/support/engines.ts";
import { askPeers, speakingNames } from "../../tests/support/rendezvous.ts";
import { extendedMessage, WirePeer } from "../../tests/support/wire_peer.ts";
import { tell, waitForGo } from "./program.ts";
import { usage } from "./transfer.ts";

const QUESTION: RendezvousQuestion = { kind: "name", name: "hello" };

/** The longest answer of usual entries. */
const ANSWER: RendezvousAnswer = {
  entries: Array.from({ length: 64 }, (_, i) => ({
    publicKey: new Uint8Array(32).fill(i),
    version: "1.2.3",
    firstSeenMs: 1_780_000_000_000,
    timestampMs: 1_780_000_000_000,
    signature: new Uint8Array(64).fill(i),
  })),
  items: [],
};

async function beMet(): Promise<void> {
  let questions = 0;
  await using engine = await TestEngine.start({
    onQuestion: () => {
      questions++;
      return Promise.resolve(ANSWER);
    },
  });
  engine.engine.rendezvous.setPlaces(new Set([toHex(rendezvousOf(QUESTION))]));
  tell({ port: engine.engine.port });
  for (;;) {
    await waitForGo();
    const [before, begin] = [await usage(Deno.pid), performance.now()];
    questions = 0;
    await waitForGo();
    const { cpuSeconds } = await usage(Deno.pid);
    const seconds = (performance.now() - begin) / 1_000;
    tell({ cpu: cpuSeconds - before.cpuSeconds, seconds, questions });
  }
}

/** Begins connections at a rate, until a line comes; prints the rate that was reached. */
async function flood(perSecond: number, connect: () => Promise<unknown>): Promise<void> {
  let connections = 0;
  const begin = performance.now();
  const timer = setInterval(() => {
    const due = (performance.now() - begin) / 1_000 * perSecond;
    while (connections < due) {
      connections++;
      connect().catch(() => {});
    }
  }, 10);
  tell({ ready: true });
  await waitForGo();
  clearInterval(timer);
  tell({ connections: connections / ((performance.now() - begin) / 1_000) });
}

function askPlainly(port: number, infoHash = rendezvousOf(QUESTION)): Promise<unknown> {
  const questions = (id: number) =>
    Array.from(
      { length: MAX_QUESTIONS },
      (_, number) => extendedMessage(id, encodeQuestion(number, QUESTION)),
    );
  let answers = 0;
  return WirePeer.dial(
    port,
    { infoHash },
    speakingNames((peer, id, message) => {
      if (!message) return peer.send(...questions(id));
      if (++answers === MAX_QUESTIONS) peer[Symbol.dispose]();
    }),
  );
}

const [how, port, perSecond] = Deno.args;
if (how === "met") await beMet();
else if (how === "plain") await flood(Number(perSecond), () => askPlainly(Number(port)));
else if (how === "elsewhere") {
  await flood(Number(perSecond), () => askPlainly(Number(port), new Uint8Array(20)));
} else {
  const engine = await TestEngine.start({ encryption: "require" });
  const peers = [{ host: "127.0.0.1", port: Number(port) }];
  await flood(Number(perSecond), () => askPeers(engine, QUESTION, peers));
}
