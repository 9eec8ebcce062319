/**
 * Bencode (BEP 3): the encoding of DHT packets, DHT records and `.torrent` files.
 *
 * - {@linkcode bdecode} is the strict decoder, for records and torrents. It accepts a value only in
 *   its canonical encoding, because signatures and hashes cover encoded bytes.
 * - {@linkcode bencode} is the encoder. It sorts dictionary keys by their bytes and throws a
 *   {@linkcode BencodeError} for a value that bencode cannot express; {@linkcode tryBencode}
 *   returns `undefined` instead. Both accept {@linkcode Encoded} for a part that is bencoded
 *   already.
 * - {@linkcode BencodeEncoder} is the same encoder with a reused buffer and a maximum length, for a
 *   caller that encodes many messages.
 * - {@linkcode BencodeScanner} finds the start and end of values without decoding them. It accepts
 *   unsorted keys and leading zeros, which other DHT nodes may send. Every packet and `.torrent`
 *   from the network is scanned before an npm library parses it. {@linkcode visitEntries} finds the
 *   entries of a dictionary with it.
 *
 * This room does not know which members a message or a record has. It does not use npm:bencode, the
 * parser of WebTorrent, because that parser accepts unsorted keys and reads past the end of its
 * input.
 *
 * Start reading in `decode.ts`.
 *
 * @module
 */

export { bdecode, type BDecoded, type BdecodeOptions } from "./decode.ts";
export { bencode, BencodeEncoder, type BValue, Encoded, tryBencode } from "./encode.ts";
export { type DictionaryEntry, visitEntries } from "./entries.ts";
export { BencodeError } from "./errors.ts";
export { BencodeScanner, MALFORMED, type Span } from "./scanner.ts";
export { COLON, DIGIT_0, DIGIT_9, LETTER_D, LETTER_E, LETTER_I, LETTER_L } from "./tokens.ts";
