/**
 * Magnet links with an infohash (BEP 9), and with the publisher's key and salt (BEP 46). The key
 * lets the user of a link verify who published the torrent.
 *
 * @module
 */

import { formatHostPort, fromHex, type HostPort, readHostPort, toHex } from "../base/mod.ts";
import { RecordError } from "./errors.ts";
import { MAX_SALT_BYTES } from "./item.ts";

/** Maximum length of a magnet link, characters. Some links contain dozens of trackers. */
const MAX_CHARACTERS = 8192;
const SCHEME = "magnet:?";
/** Maximum number of ignored parameters that are remembered, and of characters of each name. */
const [MAX_IGNORED, MAX_IGNORED_CHARACTERS] = [16, 32];
/** Maximum number of web seeds of a link. */
const MAX_LINK_WEB_SEEDS = 8;

/** Address of a peer: a host name or an IPv4 or IPv6 address (without brackets), and a TCP port. */
export type MagnetPeer = HostPort;

/** A parsed magnet link. It has an `infoHash` or a `publicKey`, or both. */
export interface Magnet {
  /** BitTorrent v1 infohash of the linked torrent, 20 bytes. */
  infoHash?: Uint8Array;
  /** Display name. The text is untrusted; it has no control characters. */
  name?: string;
  /** The Ed25519 public key under which the record lies, 32 bytes (BEP 46). */
  publicKey?: Uint8Array;
  /** Salt of the publisher's record, 1 to 64 bytes (BEP 46). */
  salt?: Uint8Array;
  /**
   * The publisher's identity, 32 bytes (parameter `x.id`), if `publicKey` is a key that the identity has
   * certified.
   */
  identity?: Uint8Array;
  /** Addresses of peers that have the torrent (parameter `x.pe`). */
  peers: MagnetPeer[];
  /** Values of `x.pe` that are not peer addresses; absent if there are none. The text is untrusted. */
  unreadPeers?: string[];
  /**
   * URLs of web seeds (parameter `ws`, BEP 19), at most 8; absent if there are none. Whether each can be
   * used is decided by the reader of the list. The text is untrusted.
   */
  webSeeds?: string[];
  /**
   * Names of the first 16 parameters that are not used, in lower case, or `dn` if the name is
   * malformed; absent if there are none. The text is untrusted.
   */
  ignored?: string[];
}

/**
 * Formats a magnet link with the parameters `xt`, `dn`, `xs`, `s`, `x.id`, `ws` and `x.pe`, in this order.
 *
 * @param magnet members as of {@linkcode parseMagnet}, with an `infoHash`. Names, URLs and peers are
 * escaped, but not validated
 */
export function formatMagnet(
  magnet: Omit<Magnet, "peers" | "unreadPeers" | "webSeeds" | "ignored"> & {
    infoHash: Uint8Array;
    webSeeds?: readonly string[];
    peers?: readonly MagnetPeer[];
  },
): string {
  const { infoHash, name, publicKey, salt, identity, webSeeds = [], peers = [] } = magnet;
  const parameters = [`xt=urn:btih:${toHex(infoHash)}`];
  if (name !== undefined) parameters.push(`dn=${escape(name)}`);
  if (publicKey) parameters.push(`xs=urn:btpk:${toHex(publicKey)}`);
  if (publicKey && salt && salt.length > 0) parameters.push(`s=${toHex(salt)}`);
  if (identity) parameters.push(`x.id=${toHex(identity)}`);
  for (const url of webSeeds) parameters.push(`ws=${encodeURIComponent(url)}`);
  for (const { host, port } of peers) {
    parameters.push(
      `x.pe=${formatHostPort({ host: host.includes(":") ? host : escape(host), port })}`,
    );
  }
  return SCHEME + parameters.join("&");
}

/** Percent-encodes a text, but keeps `@`, `/` and `:` readable, as RFC 3986 section 3.4 allows. */
function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/%(40|2F|3A)/g, (code) => decodeURIComponent(code));
}

/**
 * Parses a magnet link. The order of the parameters is irrelevant, and so is the case of parameter
 * names, URNs and hexadecimal digits. `xt.1` counts as `xt`, and `&amp;`, as HTML writes it, as `&`.
 * An infohash may be in base32. Hashes of other types beside a v1 infohash are ignored. Trackers
 * (`tr`), unknown parameters, and a malformed name or web seed go to `ignored`, a peer (`x.pe`) that cannot be
 * parsed goes to `unreadPeers`; they do not make the link invalid.
 *
 * @throws {RecordError} `BAD_MAGNET` if the text is not a magnet link, has more than 8,192
 * characters, has neither infohash nor publisher key, has two different infohashes or publisher
 * keys, or has a malformed value of another parameter that libreseed uses
 */
export function parseMagnet(link: string): Magnet {
  if (link.length > MAX_CHARACTERS) throw bad(`longer than ${MAX_CHARACTERS} characters`);
  if (!link.toLowerCase().startsWith(SCHEME)) throw bad("it does not begin with magnet:?");
  const magnet: Magnet = { peers: [] };
  let otherHash = false;
  for (const part of link.slice(SCHEME.length).split("&")) {
    const parameter = part.replace(/^amp;/i, "");
    const equals = parameter.indexOf("=");
    if (equals < 0) {
      ignore(magnet, parameter.toLowerCase());
      continue;
    }
    const key = parameter.slice(0, equals).toLowerCase().replace(
      /^(xt|xs|dn|ws|x\.pe)\.\d+$/,
      "$1",
    );
    const raw = parameter.slice(equals + 1);
    if (key === "xt") {
      const hash = urn(unescape(raw, key), "btih");
      if (hash === undefined) otherHash = true;
      else magnet.infoHash = same(magnet.infoHash, infoHashOf(hash), "infohashes");
    } else if (key === "xs") {
      const publicKey = urn(unescape(raw, key), "btpk");
      if (publicKey === undefined) ignore(magnet, key);
      else magnet.publicKey = same(magnet.publicKey, publicKeyOf(publicKey), "publisher keys");
    } else if (key === "s") {
      magnet.salt = same(magnet.salt, saltOf(unescape(raw, key)), "salts");
    } else if (key === "x.id") {
      magnet.identity = same(magnet.identity, identityOf(unescape(raw, key)), "identities");
    } else if (key === "dn") {
      const name = nameOf(raw);
      if (name === undefined) ignore(magnet, key);
      else magnet.name = name;
    } else if (key === "x.pe") {
      addPeer(magnet, raw);
    } else if (key === "ws") {
      addWebSeed(magnet, raw);
    } else ignore(magnet, key);
  }
  if (!magnet.infoHash && !magnet.publicKey) {
    throw bad(
      otherHash
        ? "its xt is no BitTorrent v1 infohash (urn:btih:), and it has no publisher key either"
        : "it has neither an infohash (xt=urn:btih:) nor a publisher key (xs=urn:btpk:)",
    );
  }
  if (magnet.salt && !magnet.publicKey) throw bad("it has a salt (s) but no publisher key (xs)");
  if (magnet.identity && !magnet.publicKey) {
    throw bad("it has an identity (x.id) but no publisher key (xs)");
  }
  return magnet;
}

function unescape(raw: string, key: string): string {
  try {
    return decodeURIComponent(raw.replaceAll("+", " "));
  } catch {
    throw bad(`its ${key} is not percent-encoded UTF-8`);
  }
}

/** Returns the text after `urn:NAMESPACE:`, or `undefined` if the text has another prefix. */
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

function identityOf(text: string): Uint8Array {
  const key = fromHex(text);
  if (key?.length === 32) return key;
  throw bad("its identity (x.id) is not 64 hexadecimal digits");
}

function saltOf(text: string): Uint8Array {
  const salt = fromHex(text);
  if (salt && salt.length > 0 && salt.length <= MAX_SALT_BYTES) return salt;
  throw bad(`its salt (s) is not 2 to ${2 * MAX_SALT_BYTES} hexadecimal digits`);
}

/** Returns the text of `dn`; `undefined` if it is not UTF-8, or has control characters. */
function nameOf(raw: string): string | undefined {
  try {
    const text = unescape(raw, "dn");
    return /\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Remembers the name of a parameter that is not used. */
function ignore(magnet: Magnet, key: string): void {
  const name = key.replace(/\.\d+$/, "").replace(/\p{Cc}/gu, "").slice(0, MAX_IGNORED_CHARACTERS);
  const ignored = magnet.ignored ?? [];
  if (name === "" || ignored.includes(name) || ignored.length === MAX_IGNORED) return;
  magnet.ignored = [...ignored, name];
}

function addPeer(magnet: Magnet, raw: string): void {
  let text = raw;
  try {
    text = unescape(raw, "x.pe");
    const peer = readHostPort(text);
    if ("port" in peer) return void magnet.peers.push(peer);
  } catch {
    // The value of `x.pe` is not percent-encoded UTF-8, so it counts as unread.
  }
  (magnet.unreadPeers ??= []).push(text);
}

function addWebSeed(magnet: Magnet, raw: string): void {
  try {
    // A plus sign is part of a URL: programs that escape a URL write a space as `%20`.
    const url = decodeURIComponent(raw);
    const urls = magnet.webSeeds ?? [];
    if (urls.includes(url)) return;
    if (url !== "" && urls.length < MAX_LINK_WEB_SEEDS) magnet.webSeeds = [...urls, url];
    else ignore(magnet, "ws");
  } catch {
    ignore(magnet, "ws");
  }
}

/** Decodes base32 of either case (RFC 4648 section 6): 32 characters to 20 bytes. */
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
