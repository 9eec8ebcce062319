/**
 * Rows of the table of settings: the choice of publishers, and of the daemon's own work. Data only.
 *
 * @module
 */

import type { SettingDefinition } from "./types.ts";

const maxSizeBytes = 2 ** 50;

/** Settings of the choice of publishers, and of the daemon's own work. */
export const daemonRows = [
  {
    key: "http",
    property: "http",
    takesEffect: "start",
    type: { kind: "address" },
    default: "off",
    placeholder: "ADDR:PORT",
    brief: "Where the daemon's HTTP page listens, or off",
  },
  {
    key: "http-hosts",
    property: "httpHosts",
    type: { kind: "host-list" },
    default: "none",
    placeholder: "NAME,...",
    brief: "Names under which the HTTP page may be asked for, besides its own address",
    takesEffect: "start",
  },
  {
    key: "webhook",
    property: "webhook",
    takesEffect: "start",
    type: { kind: "web-url" },
    default: "none",
    placeholder: "URL",
    brief: "Where the daemon sends ends of downloads and problems, or none",
  },
  {
    key: "webhook-events",
    property: "webhookEvents",
    takesEffect: "start",
    type: { kind: "choice", values: ["all", "downloads", "problems"] },
    default: "all",
    placeholder: "EVENTS",
    brief: "What the webhook gets: all, downloads or problems",
  },
  {
    key: "http-publish",
    property: "httpPublish",
    takesEffect: "start",
    type: { kind: "boolean" },
    default: "false",
    placeholder: "BOOL",
    brief: "Let those who have the HTTP token publish with this home's key",
  },
  {
    key: "policy",
    property: "policy",
    takesEffect: "command",
    type: { kind: "choice", values: ["first-seen", "latest-version", "trusted", "seeders"] },
    default: "first-seen",
    placeholder: "POLICY",
    brief:
      "Whom to choose among the publishers of a name: first-seen, latest-version, trusted, seeders",
  },
  {
    key: "mirror",
    property: "mirror",
    takesEffect: "reload",
    type: { kind: "boolean" },
    default: "false",
    placeholder: "BOOL",
    brief: "Download and seed all packages of the publishers that are followed",
  },
  {
    key: "max-disk",
    property: "maxDiskBytes",
    takesEffect: "reload",
    type: { kind: "size", minBytes: 0, maxBytes: maxSizeBytes },
    default: "10GiB",
    placeholder: "SIZE",
    brief: "How large mirroring may make the seed directory",
  },
  {
    key: "watch",
    property: "watch",
    takesEffect: "reload",
    type: { kind: "choice", values: ["poll", "events", "off"] },
    default: "events",
    placeholder: "MODE",
    brief: "How new files in the seed directory are noticed: poll, events or off",
  },
  {
    key: "log-level",
    property: "logLevel",
    takesEffect: "reload",
    type: { kind: "choice", values: ["error", "warn", "info", "debug"] },
    default: "info",
    placeholder: "LEVEL",
    brief: "How much the daemon logs: error, warn, info or debug",
  },
  {
    key: "log-format",
    property: "logFormat",
    takesEffect: "reload",
    type: { kind: "choice", values: ["text", "json"] },
    default: "text",
    placeholder: "FORMAT",
    brief: "Form of the daemon's log: text or json",
  },
] as const satisfies readonly SettingDefinition[];
