/**
 * Renders what `info` knows of a package as text. Pure functions; the texts of publishers are made safe
 * to print.
 *
 * @module
 */

import { formatBytes, formatCount, isoDay } from "../../base/mod.ts";
import type { FoundSeeders, VersionFlags } from "../../fetching/mod.ts";
import type { KnownVersion } from "../../names/mod.ts";
import { printable } from "./format.ts";
import { describeSeeders } from "./found_seeders.ts";

/** A file of the package. */
export interface FileInfo {
  path: string;
  /** SHA-256, 64 hexadecimal digits. */
  sha256: string;
  /** Absent if the archive is not in the seed directory, because manifests have no lengths of files. */
  sizeBytes?: number;
}

/** The keys of the publisher's identity. */
export interface IdentityKeys {
  /**
   * Keys that sign for the publisher now, with the end of their time (Unix milliseconds) and the patterns of
   * the names that they may sign, if they have such limits. Absent if the publisher has no root key, or its
   * record was not found.
   */
  signingKeys?: { key: string; untilMs?: number; names?: string[] }[];
  /** Keys that the publisher has revoked: since when, Unix milliseconds, and why; absent if none is known. */
  revokedKeys?: { key: string; sinceMs: number; reason?: string }[];
}

/** The output of `info`, as `--json` has it. */
export interface PackageInfo extends VersionFlags, IdentityKeys {
  name: string;
  version: string;
  description?: string;
  author?: string;
  license?: string;
  homepage?: string;
  repository?: string;
  /** Publisher as `ed25519:BASE64`. */
  publisher: string;
  fingerprint: string;
  /** Key that signed the version, `ed25519:BASE64`; absent if the publisher's own key did. */
  signingKey?: string;
  /** Whether this home has pinned the name to the publisher: at its first use, or by `trust`. */
  pinned: boolean;
  trusted: boolean;
  /** Time of signing, Unix milliseconds. */
  timestampMs: number;
  /** Length of the archive, bytes. */
  lengthBytes: number;
  /**
   * Lengths of all files together, bytes: of the archive in the seed directory, otherwise as the publisher
   * claims. Absent if the manifest has no claim.
   */
  unpackedBytes?: number;
  fileCount: number;
  dependencies: Record<string, string>;
  /** Number of peers that the DHT names for the archive; absent if no node answered. */
  seeders?: number;
  /** The peers at the publisher's rendezvous; absent if they could not be asked. */
  rendezvous?: FoundSeeders;
  /** All versions, the highest first; absent if the publisher's list was not found. */
  versions?: KnownVersion[];
  magnet: string;
  /** Path of the archive in the seed directory; absent if it is not there. */
  path?: string;
  /** Downloaded bytes of the archive. */
  fetchedBytes: number;
  /** Present with `--files`. */
  files?: FileInfo[];
}

/** Maximum number of versions and of dependencies in the text; `--json` has all. */
const MAX_LISTED = 20;

/** Renders the information as text of several lines, without a line break at the end. */
export function renderInfo(info: PackageInfo): string {
  const { publisher, fingerprint, versions, dependencies, files } = info;
  const rows: [label: string, value: string | string[] | undefined][] = [
    ["description", info.description],
    ["author", info.author],
    ["licence", info.license],
    ["homepage", info.homepage],
    ["repository", info.repository],
    ["publisher", `${publisher} (${fingerprint}), ${trustOf(info)}`],
    ["its keys", shortened(keysOf(info))],
    ["signed", isoDay(info.timestampMs) + (info.signingKey ? ` by ${info.signingKey}` : "")],
    ["size", sizeOf(info)],
    ["depends on", shortened(Object.entries(dependencies).map((one) => one.join("@"))).join(", ")],
    ["seeders", [
      info.seeders === undefined
        ? "unknown: no DHT node answered"
        : `${info.seeders} that the DHT names for this archive`,
      ...describeSeeders(info.rendezvous),
    ]],
    ["versions", versions && shortened(versions.map(lineOf))],
    ["magnet", info.magnet],
    ["archive", archiveOf(info)],
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const lines = [`${info.name}@${info.version}`];
  for (const [label, value] of rows) {
    if (!value || value.length === 0) continue;
    // A line break in a stranger's text must not begin a line of ours.
    [value].flat().forEach((line, at) =>
      lines.push(`  ${(at === 0 ? label : "").padEnd(width)}${printable(line)}`)
    );
  }
  for (const { path, sha256, sizeBytes } of files ?? []) {
    lines.push([sha256, sizeBytes ?? "-", path].join("\t"));
  }
  return lines.join("\n");
}

function keysOf({ signingKeys = [], revokedKeys = [] }: IdentityKeys): string[] {
  return [
    ...signingKeys.map(({ key, untilMs, names }) => {
      const until = untilMs === undefined ? "" : ` until ${isoDay(untilMs)}`;
      return key + until + (names ? ` for ${names.join(", ")}` : "");
    }),
    ...revokedKeys.map(({ key, sinceMs, reason }) =>
      `${key} revoked since ${isoDay(sinceMs)}` + (reason === undefined ? "" : `: ${reason}`)
    ),
  ];
}

function trustOf({ pinned, trusted }: PackageInfo): string {
  return trusted ? "trusted" : pinned ? "pinned" : "not pinned";
}

function sizeOf({ lengthBytes, unpackedBytes, fileCount }: PackageInfo): string {
  const unpacked = unpackedBytes === undefined
    ? "unpacked size not known: its manifest does not say"
    : `${formatBytes(unpackedBytes)} unpacked`;
  return `${formatBytes(lengthBytes)} packed, ${unpacked}, ${formatCount(fileCount, "file")}`;
}

function archiveOf({ path, fetchedBytes }: PackageInfo): string {
  return path ?? `not here; ${formatBytes(fetchedBytes)} of it were downloaded for this page`;
}

function lineOf({ version, timestampMs, tags, yanked, deprecated }: KnownVersion): string {
  const marks = [
    timestampMs === undefined ? "date not known" : isoDay(timestampMs),
    ...(tags ?? []).map((tag) => `@${tag}`),
    ...(yanked === undefined ? [] : [yanked === "" ? "yanked" : `yanked: ${yanked}`]),
    ...(deprecated === undefined ? [] : [`deprecated: ${deprecated}`]),
  ];
  return [version, ...marks].join("  ");
}

function shortened(texts: readonly string[]): string[] {
  const more = texts.length - MAX_LISTED;
  return [
    ...texts.slice(0, MAX_LISTED),
    ...(more > 0 ? [`… and ${more} more (--json lists all)`] : []),
  ];
}
