/**
 * Rows of the table of settings: the connections to peers. Data only.
 *
 * @module
 */

import type { SettingDefinition } from "./types.ts";

const maxRateBytes = 2 ** 40;

/** Settings of the connections to peers. */
export const transferRows = [
  {
    key: "upload-limit",
    property: "uploadBytesPerSecond",
    worker: true,
    takesEffect: "reload",
    type: { kind: "size", minBytes: 0, maxBytes: maxRateBytes },
    default: "0",
    placeholder: "SIZE",
    brief: "Most bytes sent a second; 0 = no limit",
  },
  {
    key: "download-limit",
    property: "downloadBytesPerSecond",
    worker: true,
    takesEffect: "reload",
    type: { kind: "size", minBytes: 0, maxBytes: maxRateBytes },
    default: "0",
    placeholder: "SIZE",
    brief: "Most bytes taken a second; 0 = no limit",
  },
  {
    key: "max-connections",
    property: "maxConnections",
    worker: true,
    takesEffect: "start",
    type: { kind: "integer", min: 1, max: 10_000 },
    default: "55",
    placeholder: "N",
    brief: "Most connections a torrent",
  },
  {
    key: "max-incoming",
    property: "maxIncoming",
    worker: true,
    takesEffect: "start",
    type: { kind: "integer", min: 8, max: 100_000 },
    default: "500",
    placeholder: "N",
    brief: "Most connections that others have opened, of all torrents",
  },
  {
    key: "encryption",
    property: "encryption",
    worker: true,
    takesEffect: "start",
    type: { kind: "choice", values: ["prefer", "require", "off"] },
    default: "prefer",
    placeholder: "MODE",
    brief: "Encryption of connections to peers: prefer, require or off",
  },
  {
    key: "transport",
    property: "transport",
    worker: true,
    takesEffect: "start",
    type: { kind: "choice", values: ["both", "tcp", "utp"] },
    default: "both",
    placeholder: "MODE",
    brief: "Transports of connections to peers: both, tcp or utp",
  },
  {
    key: "reuse",
    property: "reuse",
    takesEffect: "reload",
    type: { kind: "boolean" },
    default: "true",
    placeholder: "BOOL",
    brief: "Copy what other archives have as well instead of fetching it",
  },
] as const satisfies readonly SettingDefinition[];
