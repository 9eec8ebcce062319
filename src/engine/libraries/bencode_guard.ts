/**
 * Mends npm:bencode for everybody in this thread, when it is imported: it reads a negative length as a
 * step back, and a peer that sends four bytes (`d-3:`) in an extended message (BEP 10), or a `.torrent`
 * with them, has it loop for ever. WebTorrent decodes both with it and has no place to hand in another.
 * UDP packets are decoded by an older copy inside npm:k-rpc-socket; `krpc_guard.ts` is for those.
 *
 * @module
 */

import bencode from "bencode";

const [DIGIT_0, DIGIT_9] = [0x30, 0x39];

/** The decoder keeps its state in properties of its function, and calls its parts through them. */
const decoder = bencode.decode as unknown as {
  data: Uint8Array;
  position: number;
  buffer: () => unknown;
};

const readByteString = decoder.buffer;
decoder.buffer = () => {
  const first = decoder.data[decoder.position];
  // Behind a digit it accepts no sign, so from here on the position only grows.
  if (first === undefined || first < DIGIT_0 || first > DIGIT_9) {
    throw new Error("Invalid data: a byte string begins with its length");
  }
  return readByteString();
};
