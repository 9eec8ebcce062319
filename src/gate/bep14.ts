/**
 * Strict parser of the datagrams of local discovery (BEP 14). The gate encodes ours.
 *
 * @module
 */

/** Maximum length of an announcement, bytes (BEP 14). */
export const MAX_ANNOUNCE_BYTES = 1_400;

const HEAD = "BT-SEARCH * HTTP/1.1\r\n";

/** An announcement: the sender has these torrents, and serves them at this port. */
export interface Announcement {
  port: number;
  /** 40 hexadecimal digits each, lower case. */
  infoHashesHex: string[];
  /** Value by which a sender recognises its own announcements. */
  cookie?: string;
}

/** Parses an announcement. Returns `undefined` if it breaks BEP 14. */
export function parseAnnouncement(bytes: Uint8Array): Announcement | undefined {
  if (bytes.length > MAX_ANNOUNCE_BYTES) return undefined;
  // Latin-1, so that each byte is one character and none is dropped.
  const text = String.fromCharCode(...bytes);
  const end = text.indexOf("\r\n\r\n");
  if (!text.startsWith(HEAD) || end === -1 || !/^(\r\n)*$/.test(text.slice(end))) return undefined;
  const infoHashesHex: string[] = [];
  let port: number | undefined;
  let cookie: string | undefined;
  for (const line of text.slice(HEAD.length, end).split("\r\n")) {
    const [, name = "", value = ""] = /^([A-Za-z-]+):[ \t]*([!-~]*)[ \t]*$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (key === "infohash" && /^[0-9a-f]{40}$/i.test(value)) {
      infoHashesHex.push(value.toLowerCase());
    } else if (key === "port" && port === undefined && /^[1-9]\d{0,4}$/.test(value)) {
      port = Number(value);
    } else if (key === "cookie" && cookie === undefined) cookie = value;
    else if (["", "infohash", "port", "cookie"].includes(key)) return undefined;
  }
  if (port === undefined || port > 65_535 || infoHashesHex.length === 0) return undefined;
  return cookie === undefined ? { port, infoHashesHex } : { port, infoHashesHex, cookie };
}
