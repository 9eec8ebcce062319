/**
 * Recognises private keys and key stores in binary formats by their first bytes.
 *
 * @module
 */

/** Number of bytes to examine at the start of a file. */
export const HEAD_BYTES = 64;

/**
 * DER encodings of OIDs of key algorithms: RSA, EC, DSA, Ed25519 and its relatives, ML-DSA and its
 * relatives. Hexadecimal; some are prefixes.
 */
const KEY_OIDS = [
  "06092a864886f70d0101",
  "06072a8648ce3d0201",
  "06072a8648ce380401",
  "06032b65",
  "06096086480165030403",
  "06096086480165030404",
];
/**
 * DER encodings of OIDs of algorithms that encrypt a PKCS #8 key: PBES1, PBES2 and the algorithms
 * of PKCS #12. Hexadecimal; prefixes.
 */
const ENCRYPTION_OIDS = ["06092a864886f70d0105", "060a2a864886f70d010c01"];
/**
 * DER encoding of the OIDs of a PKCS #12 file's content, `data` or `signedData` (RFC 7292 section
 * 4). Hexadecimal; a prefix.
 */
const PKCS12_OIDS = ["06092a864886f70d0107"];

/** Formats that begin with fixed bytes. Patterns match the first bytes in hexadecimal. */
const MAGIC: readonly (readonly [kind: string, start: RegExp])[] = [
  // Java key store: magic number, version, number of entries, then the type of the first entry (1
  // for a private key, 2 for a certificate).
  ["Java key store", /^feedfeed000000(?:01|02)[0-9a-f]{8}00000001/],
  ["Java key store", /^cececece000000(?:01|02)[0-9a-f]{8}0000000[13]/],
  ["KeePass database", /^03d9a29a(?:67|65)fb4bb5/],
  // The text "SSH PRIVATE KEY" of the header "SSH PRIVATE KEY FILE FORMAT 1.1".
  ["SSH 1 private key", /^5353482050524956415445204b4559/],
  // The text "openssh-key-v1\0", with which a decoded OpenSSH private key begins.
  ["OpenSSH private key", /^6f70656e7373682d6b65792d763100/],
  // The text "== ed25519v1-secret", with which Tor's secret key files begin.
  ["Tor hidden service key", /^3d3d206564323535313976312d736563726574/],
  // PGP Secret-Key packets in the old and the new packet format, version 4 or 6, with a known
  // algorithm (RFC 9580 section 5.5).
  [
    "PGP secret key",
    /^(?:94[0-9a-f]{2}|95[0-9a-f]{4})04[4-9a-f][0-9a-f]{7}(?:01|11|12|13|16|19|1b)/,
  ],
  [
    "PGP secret key",
    /^c5(?:[0-9a-b][0-9a-f]|[c-d][0-9a-f]{3}|ff[0-9a-f]{8})0[46][4-9a-f][0-9a-f]{7}(?:01|11|12|13|16|19|1b)/,
  ],
];

/**
 * First byte of each binary key format. Most other files begin with another byte, so this check
 * rejects them quickly.
 */
const FIRST_BYTES = new Set([0x30, 0xfe, 0xce, 0x03, 0x53, 0x6f, 0x3d, 0x94, 0x95, 0xc5]);

/** Whether the first byte of a file is the first byte of a binary key format. */
export function isBinaryHead(head: Uint8Array): boolean {
  return FIRST_BYTES.has(head[0]!);
}

/**
 * Returns the kind of key or key store in a file, determined from the file's first bytes;
 * `undefined` if the file is neither.
 *
 * @param head the first {@linkcode HEAD_BYTES} bytes of the file, or the whole file if it is
 * shorter
 * @param sizeBytes length of the file, if known
 */
export function binaryKey(head: Uint8Array, sizeBytes: number | undefined): string | undefined {
  if (!isBinaryHead(head)) return undefined;
  const hex = Array.from(head, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.startsWith("30")
    ? derKey(hex, sizeBytes)
    : MAGIC.find(([, start]) => start.test(hex))?.[0];
}

/** A DER element: tag, length and position of the contents. */
interface Element {
  tag: string;
  /** Length of the element's contents, in bytes. */
  length: number;
  /** Position of the element's contents in the hexadecimal text, in digits. */
  at: number;
}

function derKey(hex: string, sizeBytes: number | undefined): string | undefined {
  const outer = elementAt(hex, 0);
  if (!outer || sizeBytes !== undefined && outer.at / 2 + outer.length !== sizeBytes) {
    return undefined;
  }
  const first = elementAt(hex, outer.at);
  if (!first) return undefined;
  const begins = (at: number, oids: readonly string[]) =>
    oids.some((oid) => hex.startsWith(oid, at));
  // EncryptedPrivateKeyInfo (RFC 5958): a sequence with the algorithm, then the encrypted bytes.
  if (first.tag === "30") return begins(first.at, ENCRYPTION_OIDS) ? "private key" : undefined;
  if (first.tag !== "02" || first.length !== 1) return undefined;
  const version = hex.slice(first.at, first.at + 2);
  const second = elementAt(hex, first.at + 2);
  if (!second) return undefined;
  // The first elements distinguish the formats: PKCS #12 begins with version 3 and a sequence, PKCS
  // #8 with version 0 or 1 and a sequence, PKCS #1 (RSA) with two integers, SEC 1 (EC) with an
  // integer and an octet string.
  if (second.tag === "30" && version === "03") {
    return begins(second.at, PKCS12_OIDS) ? "PKCS #12 key store" : undefined;
  }
  if (second.tag === "30") return begins(second.at, KEY_OIDS) ? "private key" : undefined;
  if (second.tag === "02" && version === "00" && second.length >= 64) return "RSA private key";
  const isEc = second.tag === "04" && version === "01" && second.length >= 20;
  return isEc && second.length <= 66 ? "EC private key" : undefined;
}

function elementAt(hex: string, at: number): Element | undefined {
  const tag = hex.slice(at, at + 2);
  const first = parseInt(hex.slice(at + 2, at + 4), 16);
  if (tag === "" || Number.isNaN(first)) return undefined;
  if (first < 0x80) return { tag, length: first, at: at + 4 };
  const digits = 2 * (first & 0x7f);
  if (digits === 0 || digits > 8) return undefined;
  return { tag, length: parseInt(hex.slice(at + 4, at + 4 + digits), 16), at: at + 4 + digits };
}
