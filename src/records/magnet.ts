/**
 * Magnet links: BEP 9 for torrents, BEP 46 for the publisher's key and salt, so that whoever follows
 * the link can check who published.
 *
 * @module
 */

import { formatHostPort, fromHex, type HostPort, readHostPort, toHex } from "../base/mod.ts";
import { RecordError } from "./errors.ts";
import { MAX_SALT_BYTES } from "./item.ts";

/** Longest link that is read. Some carry dozens of trackers. */
const MAX_CHARACTERS = 8192;
const SCHEME = "magnet:?";

/** Where a peer listens: a host name or an IPv4 or IPv6 address (without brackets), and a TCP port. */
export type MagnetPeer = HostPort;

/** A magnet link as read. There is an `infoHash` or a `publicKey`, or both. */
export interface Magnet {
  /** BitTorrent v1 infohash, 20 bytes. */
  infoHash?: Uint8Array;
  /** Display name. A stranger's text, though free of control characters. */
  name?: string;
  /** The publisher's Ed25519 public key, 32 bytes (BEP 46). */
  publicKey?: Uint8Array;
  /** Salt of the publisher's record, 1 to 64 bytes (BEP 46). */
  salt?: Uint8Array;
  /** Peers to connect to. */
  peers: MagnetPeer[];
  /** Values of `x.pe` that are no peer, as a stranger wrote them; absent if there are none. */
  unreadPeers?: string[];
}

/**
 * Writes a link: `xt`, `dn`, `xs` and `s`, `x.pe`, in this order.
 *
 * @param magnet what {@linkcode parseMagnet} returns, with an `infoHash`; names and peers are not
 * checked beyond what keeps the link well-formed
 */
export function formatMagnet(
  magnet: Omit<Magnet, "peers" | "unreadPeers"> & {
    infoHash: Uint8Array;
    peers?: readonly MagnetPeer[];
  },
): string {
  const { infoHash, name, publicKey, salt, peers = [] } = magnet;
  const parameters = [`xt=urn:btih:${toHex(infoHash)}`];
  if (name !== undefined) parameters.push(`dn=${escape(name)}`);
  if (publicKey) parameters.push(`xs=urn:btpk:${toHex(publicKey)}`);
  if (publicKey && salt && salt.length > 0) parameters.push(`s=${toHex(salt)}`);
  for (const { host, port } of peers) {
    parameters.push(
      `x.pe=${formatHostPort({ host: host.includes(":") ? host : escape(host), port })}`,
    );
  }
  return SCHEME + parameters.join("&");
}

/** Percent-encoding that leaves `@`, `/` and `:` readable, as RFC 3986 section 3.4 allows. */
function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/%(40|2F|3A)/g, (code) => decodeURIComponent(code));
}

/**
 * Reads a link. The order of the parameters and the case of their names, of URNs and of hexadecimal
 * digits do not matter; `xt.1` counts as `xt`; infohashes may be in base32. Trackers (`tr`) and other
 * parameters are ignored, and so are hashes of other kinds beside a v1 infohash. A peer (`x.pe`) is a
 * hint: one that cannot be read is set aside, and the link holds without it.
 *
 * @throws {RecordError} `BAD_MAGNET`: not a magnet link, above 8,192 characters, with neither infohash
 * nor publisher key, with two different ones, or with another parameter that cannot be read
 */
export function parseMagnet(link: string): Magnet {
  if (link.length > MAX_CHARACTERS) throw bad(`longer than ${MAX_CHARACTERS} characters`);
  if (!link.toLowerCase().startsWith(SCHEME)) throw bad("it does not begin with magnet:?");
  const magnet: Magnet = { peers: [] };
  let otherHash = false;
  for (const parameter of link.slice(SCHEME.length).split("&")) {
    const equals = parameter.indexOf("=");
    if (equals < 0) continue;
    const key = parameter.slice(0, equals).toLowerCase().replace(/^(xt|xs|dn|x\.pe)\.\d+$/, "$1");
    const raw = parameter.slice(equals + 1);
    if (key === "xt") {
      const hash = urn(unescape(raw, key), "btih");
      if (hash === undefined) otherHash = true;
      else magnet.infoHash = same(magnet.infoHash, infoHashOf(hash), "infohashes");
    } else if (key === "xs") {
      const publicKey = urn(unescape(raw, key), "btpk");
      if (publicKey === undefined) continue;
      magnet.publicKey = same(magnet.publicKey, publicKeyOf(publicKey), "publisher keys");
    } else if (key === "s") {
      magnet.salt = same(magnet.salt, saltOf(unescape(raw, key)), "salts");
    } else if (key === "dn") {
      magnet.name = nameOf(unescape(raw, key));
    } else if (key === "x.pe") {
      addPeer(magnet, raw);
    }
  }
  if (!magnet.infoHash && !magnet.publicKey) {
    throw bad(
      otherHash
        ? "its xt is no BitTorrent v1 infohash (urn:btih:), and it has no publisher key either"
        : "it has neither an infohash (xt=urn:btih:) nor a publisher key (xs=urn:btpk:)",
    );
  }
  if (magnet.salt && !magnet.publicKey) throw bad("it has a salt (s) but no publisher key (xs)");
  return magnet;
}

function unescape(raw: string, key: string): string {
  try {
    return decodeURIComponent(raw.replaceAll("+", " "));
  } catch {
    throw bad(`its ${key} is not percent-encoded UTF-8`);
  }
}

/** The text after `urn:NAMESPACE:`, or `undefined` if the text is anything else. */
function urn(text: string, namespace: string): string | undefined {
  const prefix = `urn:${namespace}:`;
  return text.toLowerCase().startsWith(prefix) ? text.slice(prefix.length) : undefined;
}

function same(before: Uint8Array | undefined, now: Uint8Array, what: string): Uint8Array {
  if (before && toHex(before) !== toHex(now)) throw bad(`it has two different ${what}`);
  return now;
}

function infoHashOf(text: string): Uint8Array {
  const hash = text.length === 32 ? fromBase32(text) : fromHex(text);
  if (hash?.length === 20) return hash;
  throw bad("its infohash is neither 40 hexadecimal digits nor 32 characters of base32");
}

function publicKeyOf(text: string): Uint8Array {
  const key = fromHex(text);
  if (key?.length === 32) return key;
  throw bad("its publisher key (xs=urn:btpk:) is not 64 hexadecimal digits");
}

function saltOf(text: string): Uint8Array {
  const salt = fromHex(text);
  if (salt && salt.length > 0 && salt.length <= MAX_SALT_BYTES) return salt;
  throw bad(`its salt (s) is not 2 to ${2 * MAX_SALT_BYTES} hexadecimal digits`);
}

function nameOf(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text;
  throw bad("its name (dn) has control characters");
}

function addPeer(magnet: Magnet, raw: string): void {
  let text = raw;
  try {
    text = unescape(raw, "x.pe");
    const peer = readHostPort(text);
    if ("port" in peer) return void magnet.peers.push(peer);
  } catch {
    // Not percent-encoded UTF-8.
  }
  (magnet.unreadPeers ??= []).push(text);
}

/** RFC 4648 section 6, 32 characters to 20 bytes, of either case. */
function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(20);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text.toUpperCase()) {
    const value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(character);
    if (value < 0) return undefined;
    bits = ((bits << 5) | value) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
    }
  }
  return bytes;
}

function bad(why: string): RecordError {
  return new RecordError("usage", "BAD_MAGNET", `not a magnet link that can be used: ${why}`);
}
