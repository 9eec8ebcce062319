/**
 * Encrypts connections to peers as {@linkcode EncryptionMode} says. npm:webtorrent offers encryption
 * to each peer it dials, and gives a peer up that does not answer. Here each dial has its own form of
 * handshake, so that a second dial can use the other form (`dialling.ts`). A client that requires
 * encryption closes a connection before a plain byte is sent or a plain handshake is read.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type net from "node:net";
import Peer from "webtorrent/lib/peer.js";
import type { Clock, Timer } from "../../../base/mod.ts";
import type { EncryptionMode, HandshakeForm, Handshakes } from "../../dial/mod.ts";
import { type Payloaded, requiresEncryption } from "../bittorrent_protocol/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";

/** The members of a dialled peer that choose and report its form of handshake. */
export interface Shaken {
  addr: string;
  conn: net.Socket | null;
  wire: EventEmitter | null;
  /** npm:webtorrent's number for the encryption of this peer's connection. */
  secure: number;
  /** Sends our handshake. */
  handshake(): void;
  /** Added by libreseed: form of this dial's handshake, if it is a second dial. */
  secondForm?: HandshakeForm;
}

/** The members of a connection that show its encryption. */
type Encrypted = EventEmitter & Payloaded & {
  /** Sends a message, here the handshake. */
  _push(bytes: Uint8Array): unknown;
  /** State of the encrypted handshake; `sentPe1` until the peer has sent its public key. */
  _peState: string;
  _cryptoHandshakeDone: boolean;
  /** Added by libreseed: whether the handshake is made to be sent as initial payload. */
  isPayload?: boolean;
  /** Encryption that was agreed on; not set if the peer answered with a plain handshake. */
  _encryptionMethod?: number | null;
};

/**
 * Time after which a first dial ends if the peer has not answered its handshake, in milliseconds:
 * several round trips to the far side of the earth.
 */
const ANSWER_MS = 2_000;

/** npm:webtorrent's number for an encryption mode: 0 none, 1 offered, 2 required. */
export function secureOf(mode: EncryptionMode): number {
  return { off: 0, prefer: 1, require: 2 }[mode];
}

/**
 * Chooses the form of handshake of a dial. To be called before the connection is established.
 *
 * @param onUnanswered called at most once, before npm:webtorrent hears of the end: a first dial was
 * connected, but its handshake was not answered. The argument is the form of the second dial
 * @returns a function to call once the connection is established and `peer.wire` exists
 */
export function chooseHandshake(
  peer: Shaken,
  handshakes: Handshakes,
  clock: Clock,
  onUnanswered: (secondForm: HandshakeForm) => void,
): () => void {
  const form = peer.secondForm ?? handshakes.first(peer.addr);
  peer.secure = form === "plain" ? 0 : secureOf(handshakes.mode);
  const second = peer.secondForm ? undefined : handshakes.second(form);
  let isOver = false;
  let timer: Timer | undefined;
  let wire: Encrypted | undefined;
  const ended = () => {
    timer?.cancel();
    timer = undefined;
    if (!wire || isOver || wire._cryptoHandshakeDone || !second) return;
    isOver = true;
    onUnanswered(second);
  };
  // These listeners are the first of the socket, so that the second dial gets the connection slot of
  // the first.
  for (const event of ["end", "error", "close"]) peer.conn!.once(event, ended);
  return () => {
    wire = peer.wire as Encrypted | null ?? undefined;
    if (wire && form === "encrypted") wire.initialPayload = () => handshakeOf(peer, wire!);
    wire?.once("handshake", () => {
      isOver = true;
      handshakes.accepted(peer.addr, wire!._encryptionMethod ? "encrypted" : "plain");
    });
    if (!second) return;
    timer = clock.after(ANSWER_MS, () => {
      if (form === "plain" || wire?._peState === "sentPe1") ended();
    });
  };
}

/** Returns the bytes of our handshake, and marks it as sent. */
function handshakeOf(peer: Shaken, wire: Encrypted): Uint8Array {
  let bytes: Uint8Array = new Uint8Array();
  wire.initialPayload = undefined;
  wire._push = (handshake) => bytes = handshake;
  wire.isPayload = true;
  try {
    peer.handshake();
  } finally {
    wire.isPayload = false;
    // The member of the class is used again.
    Reflect.deleteProperty(wire, "_push");
  }
  return bytes;
}

/** The replaced member of npm:webtorrent's peer that sends the handshake. */
export const encryptionReplacements: readonly Replacement[] = [
  replace(
    {
      library: "webtorrent",
      name: "Peer.prototype",
      object: () => (Peer as unknown as { prototype: Handshaking }).prototype,
    },
    "handshake",
    {
      because:
        "a client that requires encryption sends its plain handshake to a peer that asks for one",
      report: "docs/upstream/bittorrent-protocol.md",
      until: "a release ends a connection that is to be encrypted and is not",
      pinned: "0f480b8626a93f486b4839877781beb8d87d488b5d0214b526598ad12cc05b65",
      parameters: 0,
      by: (handshake) =>
        function (this: Handshaking) {
          // The initial payload is always encrypted.
          if (requiresEncryption(this.wire) && !this.wire.isPayload) {
            this.destroy(new Error("The peer does not encrypt"));
          } else handshake.call(this);
        },
    },
  ),
];

interface Handshaking {
  wire: Parameters<typeof requiresEncryption>[0] & Pick<Encrypted, "isPayload">;
  handshake(): void;
  destroy(error: Error): void;
}
