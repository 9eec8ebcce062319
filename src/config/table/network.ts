/**
 * Rows of the table of settings: the home, its port, and the DHT. Data only.
 *
 * @module
 */

import type { SettingDefinition } from "./types.ts";

/** Settings of the home, its port, and the DHT. */
export const networkRows = [
  {
    key: "home",
    property: "home",
    takesEffect: "start",
    type: { kind: "path" },
    default: "~/.libreseed",
    placeholder: "DIR",
    brief: "Directory of keys, state and config.yaml",
    inFile: false,
  },
  {
    key: "dir",
    property: "dir",
    takesEffect: "start",
    type: { kind: "path" },
    default: "HOME/seed",
    placeholder: "DIR",
    brief: "Seed directory",
  },
  {
    key: "port",
    property: "port",
    takesEffect: "start",
    type: { kind: "integer", min: 0, max: 65_535 },
    default: "6881",
    placeholder: "N",
    brief: "TCP and UDP port, for peers and the DHT alike; 0 = any free one",
  },
  {
    key: "bootstrap",
    property: "bootstrap",
    takesEffect: "start",
    type: { kind: "host-port-list" },
    default: [
      "router.bittorrent.com:6881",
      "router.utorrent.com:6881",
      "dht.transmissionbt.com:6881",
    ],
    placeholder: "HOST:PORT",
    brief: "Node to join the DHT through; give it again for more, none for no node",
  },
  {
    key: "dht",
    property: "dht",
    takesEffect: "start",
    type: { kind: "boolean" },
    default: "true",
    placeholder: "BOOL",
    brief: "Use the DHT",
  },
  {
    key: "allow-local",
    property: "allowLocal",
    takesEffect: "start",
    type: { kind: "boolean" },
    default: "false",
    placeholder: "BOOL",
    brief: "Talk to loopback and private addresses too",
  },
  {
    key: "timeout",
    property: "timeoutMs",
    takesEffect: "reload",
    type: { kind: "duration", minMs: 100, maxMs: 86_400_000 },
    default: "60s",
    placeholder: "DURATION",
    brief: "How long to wait for the network",
  },
  {
    key: "min-nodes",
    property: "minNodes",
    worker: true,
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 20 },
    default: "8",
    placeholder: "N",
    brief: "Nodes that must hold a record, else a put is reported as weak",
  },
  {
    key: "store-nodes",
    property: "storeNodes",
    worker: true,
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 20 },
    default: "8",
    placeholder: "N",
    brief: "Closest nodes that a record is put to",
  },
  {
    key: "reannounce-interval",
    property: "reannounceIntervalMs",
    worker: true,
    takesEffect: "reload",
    type: { kind: "duration", minMs: 60_000, maxMs: 7_200_000 },
    default: "50m",
    placeholder: "DURATION",
    brief: "Time between two re-announcements of a record",
  },
  {
    key: "dht-rate",
    property: "dhtPacketsPerSecond",
    worker: true,
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 100_000 },
    default: "200",
    placeholder: "N",
    brief: "Most DHT packets sent a second",
  },
] as const satisfies readonly SettingDefinition[];
