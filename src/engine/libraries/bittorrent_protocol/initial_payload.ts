/**
 * Sends our handshake together with the last step of the encrypted handshake, as its initial payload
 * (Message Stream Encryption, `IA`). npm:bittorrent-protocol waits for the peer's answer first, which
 * takes one more round trip.
 *
 * @module
 */

import Connection from "bittorrent-protocol";
import { concatBytes } from "../../../base/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";

/** The members of a connection that are needed to send the handshake early. */
export interface Payloaded {
  /**
   * Added by libreseed: returns the bytes of the handshake, and marks the handshake as sent. Called
   * once.
   */
  initialPayload?: () => Uint8Array;
}

/** The members of npm:bittorrent-protocol's encryption that make the third step. */
interface Encryption {
  wire: Payloaded | null;
  encryptCipher(bytes: Uint8Array): Uint8Array;
  generateStepA3(cryptoProvide: number): Uint8Array;
}

/** The replaced member of npm:bittorrent-protocol's encryption. */
export const payloadReplacements: readonly Replacement[] = [
  replace(
    {
      library: "bittorrent-protocol",
      name: "MessageStreamEncryptor.prototype",
      object: () => {
        const { _encryptor } = new Connection("tcpOutgoing", 1) as unknown as {
          _encryptor: Encryption;
        };
        return Object.getPrototypeOf(_encryptor) as Encryption;
      },
    },
    "generateStepA3",
    {
      because: "it sends no initial payload, so that our handshake leaves one round trip later",
      report: "docs/upstream/bittorrent-protocol.md",
      until: "a release sends the handshake as initial payload",
      pinned: "e76e1a4d3e175ebb568e3ab213463c9bbf7ab276fdb5ef432559f9a4bb74b7d8",
      parameters: 0,
      by: (generateStepA3) =>
        function (this: Encryption, cryptoProvide: number) {
          const step = new Uint8Array(generateStepA3.call(this, cryptoProvide));
          const payload = this.wire?.initialPayload?.();
          if (!payload) return step;
          // The step ends with the length of the payload, which is 0. The encryption is a stream
          // cipher, so changing an encrypted bit changes the same bit of the text.
          step[step.length - 2]! ^= payload.length >> 8;
          step[step.length - 1]! ^= payload.length & 255;
          return concatBytes(step, this.encryptCipher(payload));
        },
    },
  ),
];
