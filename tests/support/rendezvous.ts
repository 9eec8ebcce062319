/**
 * Rendezvous between engines of tests, without a DHT, and what a hostile peer says there.
 *
 * @module
 */

import { toHex } from "../../src/base/mod.ts";
import type { BValue } from "../../src/bencode/mod.ts";
import type { RendezvousAsked } from "../../src/engine/mod.ts";
import {
  type RendezvousAnswer,
  rendezvousOf,
  type RendezvousQuestion,
} from "../../src/records/mod.ts";
import type { TestEngine } from "./engines.ts";
import { extendedMessage, type WireBehaviour, type WirePeer } from "./wire_peer.ts";

/** Id that hostile peers give the extension `lr_names`. */
export const OUR_ID = 7;

/** Asks peers, as if the DHT had named them. */
export async function askPeers(
  engine: TestEngine,
  question: RendezvousQuestion,
  peers: { host: string; port: number }[],
): Promise<{ asked: RendezvousAsked; answers: RendezvousAnswer[] }> {
  const answers: RendezvousAnswer[] = [];
  const asked = await engine.engine.rendezvous.ask(toHex(rendezvousOf(question)), question, {
    signal: new AbortController().signal,
    findPeers: (onNamed) => {
      onNamed(peers);
      return Promise.resolve();
    },
    isOurs: () => false,
    onAnswer: (answer) => answers.push(answer),
  });
  return { asked, answers };
}

/** The extended handshake (BEP 10) of a peer that speaks `lr_names`. */
export function namesHandshake(m: BValue = { lr_names: OUR_ID }): Uint8Array {
  return extendedMessage(0, { m });
}

/** Id that the other side gives `lr_names` in its extended handshake; `undefined` for another message. */
export function namesIdOf(id: number, body: Uint8Array): number | undefined {
  if (id !== 20 || body[0] !== 0) return undefined;
  const at = new TextDecoder("latin1").decode(body).match(/8:lr_namesi(\d+)e/);
  return at ? Number(at[1]) : undefined;
}

/**
 * The behaviour of a peer that speaks `lr_names`.
 *
 * @param say called with the id of `lr_names` at the other side, once it is known, and with each message
 * of the extension
 */
export function speakingNames(
  say: (peer: WirePeer, theirId: number, message?: Uint8Array) => unknown,
): WireBehaviour {
  let theirId: number | undefined;
  return {
    opened: (peer) => peer.send(namesHandshake()),
    message: async (peer, id, body) => {
      const told = namesIdOf(id, body);
      if (told !== undefined) {
        theirId = told;
        await say(peer, theirId);
      } else if (id === 20 && body[0] === OUR_ID && theirId !== undefined) {
        await say(peer, theirId, body.slice(1));
      }
    },
  };
}
