/**
 * URLs of web seeds (BEP 19): web servers that serve an archive as a plain file. Records, magnet
 * links and `.torrent` files name them.
 *
 * @module
 */

import { isLocal, isPublic } from "./address_blocks.ts";
import { isPeerPort } from "./addresses.ts";
import { parseAddress } from "./ip_address.ts";

/** Maximum number of web seeds of one archive. */
export const MAX_WEB_SEEDS = 4;
/**
 * Maximum length of the URLs of one archive together, bytes. Four URLs of this length fit into a
 * record (1,000 bytes) beside the longest name and version, or beside a certificate and a name and
 * version of 100 characters together.
 */
export const MAX_WEB_SEED_BYTES = 512;

/**
 * Parses the URL of a web seed. Returns the URL as the WHATWG standard serializes it, which is ASCII.
 * For a URL that cannot be a web seed, returns `problem`, the end of a sentence that begins with
 * the URL.
 *
 * @param options `allowLocal` accepts a host that is a loopback or private address, and any port
 */
export function readWebSeed(
  text: string,
  { allowLocal = false }: { allowLocal?: boolean } = {},
): { url: string } | { problem: string } {
  const url = URL.parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    return { problem: "is no http or https URL" };
  }
  if (url.username !== "" || url.password !== "") return { problem: "has credentials in it" };
  if (text.includes("#")) return { problem: "has a fragment (#…)" };
  if (url.href.length > MAX_WEB_SEED_BYTES) {
    return { problem: `is longer than ${MAX_WEB_SEED_BYTES} characters` };
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const address = parseAddress(host);
  const isHere = address ? isLocal(address) : /^(.*\.)?localhost\.?$/.test(host);
  if (isHere && !allowLocal) {
    return { problem: "is an address of this machine or a private network" };
  }
  if (address && !isHere && !allowLocal && !isPublic(address)) {
    return { problem: "is no public address" };
  }
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  if (!allowLocal && !isPeerPort(port)) {
    return { problem: "has a port that readers do not ask; those are 80, 443 and from 1024 on" };
  }
  return { url: url.href };
}

/**
 * Returns the URLs that can be web seeds, as {@linkcode readWebSeed} returns them and each once, in
 * the given order. At most {@linkcode MAX_WEB_SEEDS}, and {@linkcode MAX_WEB_SEED_BYTES} together.
 * Private addresses are among them: the gate refuses these, and says so.
 */
export function usableWebSeeds(texts: Iterable<string>): string[] {
  const urls: string[] = [];
  let leftBytes = MAX_WEB_SEED_BYTES;
  for (const text of texts) {
    if (urls.length === MAX_WEB_SEEDS) break;
    const read = readWebSeed(text, { allowLocal: true });
    if (!("url" in read) || urls.includes(read.url) || read.url.length > leftBytes) continue;
    urls.push(read.url);
    leftBytes -= read.url.length;
  }
  return urls;
}

/** Whether a web seed is a directory (its path ends with a slash), in which files go by their names. */
export function isWebSeedDirectory(webSeed: string): boolean {
  return new URL(webSeed).pathname.endsWith("/");
}

/**
 * Returns the URL of a file of a web seed: the web seed's URL itself or, if it is a directory, the file
 * below it (BEP 19).
 */
export function webSeedFile(webSeed: string, fileName: string): string {
  const url = new URL(webSeed);
  if (isWebSeedDirectory(webSeed)) url.pathname += encodeURIComponent(fileName);
  return url.href;
}

/**
 * Returns the URL of the `.torrent` beside a file of a web seed: `.torrent` in place of `.tgz`,
 * `.jsonl` or `.bin` at the end of the file's path, as in the seed directory, or after the end of any other
 * path.
 */
export function webSeedTorrent(webSeed: string, fileName: string): string {
  const url = new URL(webSeedFile(webSeed, fileName));
  url.pathname = `${url.pathname.replace(/\.(?:tgz|jsonl|bin)$/, "")}.torrent`;
  return url.href;
}
