/**
 * The responder's side of the encrypted handshake (Message Stream Encryption). It does not use the
 * engine's library, and selects plain text for the rest of the connection.
 *
 * @module
 */

import { createDiffieHellman, createHash } from "node:crypto";
import { concatBytes, equalBytes, utf8 } from "../../src/base/mod.ts";

const PRIME_HEX =
  "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22" +
  "514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a3621" +
  "0000000000090563";
const KEY_BYTES = 96;
const MAX_PADDING_BYTES = 512;
const HASH_BYTES = 20;
/**
 * Total length in bytes of the fields that precede padding C: the verification constant, the
 * offered encryption methods, and the length of padding C.
 */
const OFFER_BYTES = 14;
const PLAIN_TEXT = 1;
const PROTOCOL = utf8("\x13BitTorrent protocol");

/** The incoming connection, on which the engine has dialled the responder. */
export interface Dialler {
  /** Returns the next bytes; `undefined` at the end of the connection. */
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<unknown>;
}

/**
 * Answers an encrypted handshake. A plain handshake is returned unchanged.
 *
 * @returns the bytes after the handshake; `undefined` if the connection ended
 * @throws {Error} if the handshake is for another torrent, or does not offer plain text
 */
export async function answerEncrypted(
  dialler: Dialler,
  infoHash: Uint8Array,
): Promise<Uint8Array | undefined> {
  let held: Uint8Array = new Uint8Array();
  const has = async (count: number) => {
    while (held.length < count) {
      const bytes = await dialler.read();
      if (!bytes) return false;
      held = concatBytes(held, bytes);
    }
    return true;
  };
  const take = (count: number) => {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };

  if (!await has(PROTOCOL.length)) return undefined;
  if (equalBytes(held.subarray(0, PROTOCOL.length), PROTOCOL)) return held;
  if (!await has(KEY_BYTES)) return undefined;
  const keys = createDiffieHellman(PRIME_HEX, "hex", 2);
  const publicKey = new Uint8Array(keys.generateKeys());
  const secret = new Uint8Array(keys.computeSecret(take(KEY_BYTES)));
  await dialler.write(concatBytes(new Uint8Array(KEY_BYTES - publicKey.length), publicKey));

  const mark = sha1(utf8("req1"), secret);
  let at: number;
  while ((at = indexOf(held, mark)) < 0) {
    if (held.length > MAX_PADDING_BYTES + HASH_BYTES) throw new Error("No mark after the key");
    if (!await has(held.length + 1)) return undefined;
  }
  take(at + HASH_BYTES);
  if (!await has(HASH_BYTES + OFFER_BYTES)) return undefined;
  const name = xor(sha1(utf8("req2"), infoHash), sha1(utf8("req3"), secret));
  if (!equalBytes(take(HASH_BYTES), name)) throw new Error("A handshake for another torrent");

  const decrypt = rc4(sha1(utf8("keyA"), secret, infoHash));
  const encrypt = rc4(sha1(utf8("keyB"), secret, infoHash));
  const offer = decrypt(take(OFFER_BYTES));
  if ((offer[11]! & PLAIN_TEXT) === 0) throw new Error("Plain text is not offered");
  const paddingBytes = uint16(offer, 12);
  if (!await has(paddingBytes + 2)) return undefined;
  const firstBytes = uint16(decrypt(take(paddingBytes + 2)), paddingBytes);
  if (!await has(firstBytes)) return undefined;
  const first = decrypt(take(firstBytes));
  await dialler.write(encrypt(Uint8Array.of(...new Uint8Array(8), 0, 0, 0, PLAIN_TEXT, 0, 0)));
  return concatBytes(first, held);
}

/** Makes an RC4 cipher that has discarded the first 1,024 bytes of its key stream. */
function rc4(key: Uint8Array): (bytes: Uint8Array) => Uint8Array {
  const state = Uint8Array.from({ length: 256 }, (_, i) => i);
  const swap = (a: number, b: number) => [state[a], state[b]] = [state[b]!, state[a]!];
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + state[i]! + key[i % key.length]!) & 255;
    swap(i, j);
  }
  let [i, j] = [0, 0];
  const crypt = (bytes: Uint8Array) =>
    bytes.map((byte) => {
      i = (i + 1) & 255;
      j = (j + state[i]!) & 255;
      swap(i, j);
      return byte ^ state[(state[i]! + state[j]!) & 255]!;
    });
  crypt(new Uint8Array(1_024));
  return crypt;
}

/** Returns the offset of `part` in bytes; -1 if `part` is not contained. */
export function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  return bytes.findIndex((_, at) => part.every((byte, i) => bytes[at + i] === byte));
}

function sha1(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash("sha1").update(concatBytes(...parts)).digest());
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, i) => byte ^ other[i]!);
}

function uint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}
