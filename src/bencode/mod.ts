/**
 * Bencode (BEP 3): the encoding of DHT packets, DHT records and `.torrent` files.
 *
 * - {@linkcode bdecode} is the strict decoder. It reads a value only in its one canonical encoding,
 *   because signatures and hashes are over encoded bytes. Records and torrents are read with it.
 * - {@linkcode bencode} is the encoder. It sorts dictionary keys by their bytes and throws a
 *   {@linkcode BencodeError} for a value without a form; {@linkcode tryBencode} returns `undefined`
 *   instead. Both take {@linkcode Encoded} for a part that is bencoded already.
 * - {@linkcode BencodeEncoder} is the same encoder with a buffer of its own and a bound on the length,
 *   for a caller that encodes many messages.
 * - {@linkcode BencodeScanner} finds where values begin and end without building them. It accepts
 *   unsorted keys and leading zeros, as other DHT nodes may send them. A packet or a `.torrent` of a
 *   stranger is scanned before a library sees it.
 *
 * The room leaves to others which members a message or a record has. npm:bencode, with which
 * WebTorrent reads, is not used here: it forgives unsorted keys, and reads past the end of its input.
 *
 * Start reading in `decode.ts`.
 *
 * @module
 */

export { bdecode, type BDecoded, type BdecodeOptions } from "./decode.ts";
export { bencode, BencodeEncoder, type BValue, Encoded, tryBencode } from "./encode.ts";
export { BencodeError } from "./errors.ts";
export { BencodeScanner, MALFORMED, type Span } from "./scanner.ts";
export { COLON, DIGIT_0, DIGIT_9, LETTER_D, LETTER_E, LETTER_I, LETTER_L } from "./tokens.ts";
