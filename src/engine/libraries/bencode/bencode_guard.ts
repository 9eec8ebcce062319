/**
 * Makes npm:bencode refuse byte strings of negative length. The decoder would read the length as a
 * step backwards and loop for ever; a peer needs only the four bytes `d-3:` for that. WebTorrent
 * decodes extended messages (BEP 10) and `.torrent` files with npm:bencode. UDP packets are decoded
 * by an older copy inside npm:k-rpc-socket; `engine/libraries/krpc/krpc_guard.ts` scans them first.
 *
 * @module
 */

import bencode from "bencode";
import { replace, type Replacement } from "../replacing/mod.ts";

const [DIGIT_0, DIGIT_9] = [0x30, 0x39];

/**
 * The decoder of npm:bencode: the function `decode` itself, whose properties hold its state and its
 * helper functions.
 */
interface Decoder {
  data: Uint8Array;
  position: number;
  buffer(): unknown;
}

const decoder = () => bencode.decode as unknown as Decoder;

/** The replaced members of npm:bencode. */
export const bencodeReplacements: readonly Replacement[] = [
  replace({ library: "bencode", name: "decode", object: decoder }, "buffer", {
    because: "a byte string of negative length has the decoder loop for ever",
    report: "docs/upstream/bencode-negative-length.md",
    until: "a release refuses a length that does not begin with a digit",
    pinned: "21357b6b8e4d9a21bad08c7bf39238334c45ed7760742a15720fbeaa844b8a05",
    parameters: 0,
    by: (readByteString) => () => {
      const { data, position } = decoder();
      const first = data[position];
      // Checking the first character suffices: after a digit the decoder accepts no minus sign, so
      // its position only grows.
      if (first === undefined || first < DIGIT_0 || first > DIGIT_9) {
        throw new Error("Invalid data: a byte string begins with its length");
      }
      return readByteString();
    },
  }),
];
