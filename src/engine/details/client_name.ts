/**
 * The name and version of a peer's program, as the peer claims: from its extended handshake (BEP 10), or
 * from its peer id (BEP 20). Both are a stranger's bytes, so the text is short and has no control or
 * invisible characters.
 *
 * @module
 */

/** Maximum number of bytes of a claimed name that are decoded. */
const MAX_NAME_BYTES = 256;
/** Maximum length of a name in characters (Unicode code points). */
const MAX_NAME_CHARACTERS = 64;

/**
 * Characters that are left out of a name: control characters, line breaks, characters without a shape
 * (bidirectional controls, zero-width characters), and code points that stand for nothing.
 */
const UNSHOWN = /[\p{C}\p{Zl}\p{Zp}]+/gu;

/** Programs by their two letters in Azureus-style peer ids. */
const PROGRAMS: Readonly<Record<string, string>> = {
  AZ: "Vuze",
  BC: "BitComet",
  BI: "BiglyBT",
  BT: "BitTorrent",
  DE: "Deluge",
  FD: "Free Download Manager",
  FL: "Folx",
  GT: "anacrolix/torrent",
  KT: "KTorrent",
  LS: "libreseed",
  LT: "libtorrent",
  PI: "PicoTorrent",
  SD: "Xunlei",
  TR: "Transmission",
  TX: "Tixati",
  UM: "µTorrent for Mac",
  UT: "µTorrent",
  UW: "µTorrent Web",
  WD: "WebTorrent Desktop",
  WW: "WebTorrent",
  XL: "Xunlei",
  lt: "rTorrent",
  qB: "qBittorrent",
  rQ: "rqbit",
};
/** Programs whose versions have two digits a number in Azureus-style peer ids. */
const TWO_DIGITS = new Set(["WD", "WW"]);

/**
 * Returns the name and version of a peer's program, as the peer claims; `undefined` if it claims none.
 * The text is untrusted.
 *
 * @param claimed member `v` of the peer's extended handshake, decoded
 * @param peerId peer id of the peer, 20 bytes
 */
export function clientNameOf(
  claimed: unknown,
  peerId: Uint8Array | null | undefined,
): string | undefined {
  const name = claimed instanceof Uint8Array ? shown(claimed) : "";
  return name === "" ? peerId ? nameInPeerId(peerId) : undefined : name;
}

/** Decodes UTF-8, and leaves out what would not be seen or would disturb a line of text. */
function shown(bytes: Uint8Array): string {
  // With `stream`, a character that is cut at the end is left out.
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_NAME_BYTES), { stream: true });
  const [...characters] = text.replace(UNSHOWN, " ").trim();
  return characters.slice(0, MAX_NAME_CHARACTERS).join("").trim();
}

/**
 * Reads a peer id in Azureus style (`-TR4050-`), in Mainline style (`M7-11-0--`), or of aria2
 * (`A2-1-36-0-`).
 */
function nameInPeerId(peerId: Uint8Array): string | undefined {
  const text = String.fromCharCode(...peerId.subarray(0, 20));
  const azureus = /^-([A-Za-z]{2})([0-9A-Za-z]{4})-/.exec(text);
  if (azureus) {
    const [, code, digits] = azureus;
    return `${PROGRAMS[code!] ?? code} ${versionOf(code!, digits!)}`;
  }
  const [, letter, ...numbers] = /^(M|A2-)(\d{1,3})-(\d{1,3})-(\d{1,3})-/.exec(text) ?? [];
  if (letter === undefined) return undefined;
  return `${letter === "M" ? "BitTorrent" : "aria2"} ${numbers.map(Number).join(".")}`;
}

/**
 * Returns the version in four characters of a peer id: numbers to base 36, of which the fourth is left
 * out if it is 0 or a letter for a kind of release.
 */
function versionOf(code: string, digits: string): string {
  if (TWO_DIGITS.has(code)) return `${Number(digits.slice(0, 2))}.${Number(digits.slice(2))}`;
  const [...numbers] = digits.slice(0, /[1-9]$/.test(digits) ? 4 : 3);
  return numbers.map((digit) => parseInt(digit, 36)).join(".");
}
