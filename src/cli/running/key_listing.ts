/**
 * Prints the keys of this home's publisher: `libreseed key show` and `key list`.
 *
 * @module
 */

import { isoTime, publisherKeyPath } from "../../base/mod.ts";
import type { PublicKey } from "../../identity/mod.ts";
import type { KeyFacts } from "../../keys/mod.ts";
import type { PublisherRecord, RevokedKey } from "../../records/mod.ts";
import type { KnownIdentity } from "../../trust/mod.ts";
import { CliError } from "../process/errors.ts";
import { formatTable, tableColumns } from "../terminal/table.ts";
import type { KeyRun } from "./key_run.ts";
import { knownKeysIfAny } from "./known_keys.ts";

/** A home's keys, with what it has learned as a reader about the keys of its identity. */
interface ListedKeys extends KeyFacts {
  publicKey: PublicKey;
  /** The keys that sign for the identity; absent if the home has no publisher record. */
  signingKeys?: PublisherRecord["signingKeys"];
  revokedKeys: RevokedKey[];
  /** The revocation of the home's signing key. */
  ownRevocation?: RevokedKey | undefined;
}

/** Prints identity, fingerprint, picture, and where each key is. */
export async function showKeys(given: KeyRun): Promise<void> {
  const { output } = given;
  const { fingerprint, formatPublicKey, randomart } = await import("../../identity/mod.ts");
  const { publicKey, certificate, path, isEncrypted, rootPath, oldPaths, ...listed } = await keysOf(
    given,
  );
  const { signingKeys, ownRevocation } = listed;
  const identity = certificate?.root ?? publicKey;
  const signingKey = formatPublicKey(publicKey);
  const where = path === undefined ? "the SSH agent" : `${path}${isEncrypted ? ", encrypted" : ""}`;
  const root = !certificate
    ? "none: the signing key is the identity, and cannot be revoked (`keygen --certify-existing`)"
    : rootPath === undefined
    ? "not in this home"
    : `${rootPath}; move it away with \`libreseed key root move FILE\``;
  const lines = [
    ["identity", formatPublicKey(identity)],
    ["fingerprint", fingerprint(identity)],
    ["signing key", signingKey],
    ...(ownRevocation ? [["revoked", describeRevocation(ownRevocation)]] : []),
    ["it lies in", where],
    ["root key", root],
    ...oldPaths.map((one) => ["replaced key", one]),
  ];
  output.result(
    {
      identity: formatPublicKey(identity),
      fingerprint: fingerprint(identity),
      randomart: randomart(identity),
      signingKey,
      path: path ?? null,
      encrypted: isEncrypted,
      certified: certificate !== undefined,
      root: rootPath ?? null,
      replaced: oldPaths,
      ...(signingKeys && { signingKeys: signingKeys.map(({ key }) => formatPublicKey(key)) }),
      ...(ownRevocation && {
        revoked: { since: timeOf(ownRevocation.sinceMs), reason: ownRevocation.reason ?? null },
      }),
    },
    `${lines.map(([name, what]) => `${name!.padEnd(12)}  ${what}`).join("\n")}\n${
      randomart(identity)
    }`,
  );
}

/** Prints the keys that sign for the identity, and those that are revoked. */
export async function listKeys(given: KeyRun): Promise<void> {
  const { output, io } = given;
  const { equalBytes } = await import("../../base/mod.ts");
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const { publicKey, certificate, revokedKeys, ownRevocation, ...listed } = await keysOf(given);
  const uncertified: PublisherRecord["signingKeys"] = ownRevocation
    ? []
    : [certificate ?? { key: publicKey, fromMs: 0 }];
  const rows: string[][] = [];
  for (const { key, fromMs, untilMs, names } of listed.signingKeys ?? uncertified) {
    const isOwn = equalBytes(key, publicKey);
    const state = untilMs !== undefined && untilMs <= io.clock.now() ? "ended" : "in force";
    if (output.json) {
      const times = { from: timeOf(fromMs), until: untilMs === undefined ? null : timeOf(untilMs) };
      output.result(
        { key: formatPublicKey(key), state, ...times, names: names ?? null, own: isOwn },
        undefined,
      );
    }
    const until = untilMs === undefined ? "for ever" : `until ${timeOf(untilMs)}`;
    const what = names ? names.join(",") : "all names";
    rows.push([formatPublicKey(key), state, until, what, isOwn ? "this home's" : ""]);
  }
  for (const { key, sinceMs, reason } of revokedKeys) {
    const isOwn = equalBytes(key, publicKey);
    const since = timeOf(sinceMs);
    if (output.json) {
      const why = { since, reason: reason ?? null };
      output.result({ key: formatPublicKey(key), state: "revoked", ...why, own: isOwn }, undefined);
    }
    rows.push([
      ...[formatPublicKey(key), "revoked", `since ${since}`, reason ?? ""],
      isOwn ? "this home's" : "",
    ]);
  }
  if (!output.json) output.result({}, formatTable(rows, tableColumns(io.stdout)));
}

async function keysOf(given: KeyRun): Promise<ListedKeys> {
  const { io, settings } = given;
  const path = publisherKeyPath((await settings()).values.home);
  const facts = await io.launcher.keyFacts(path);
  const { publicKey, certificate } = facts;
  if (!publicKey) {
    throw new CliError(
      "not-found",
      "KEY_NOT_FOUND",
      `There is no key at ${path}. Make one with \`libreseed keygen\`.`,
      { detail: { path } },
    );
  }
  const { equalBytes } = await import("../../base/mod.ts");
  const known = (await knownKeysIfAny(given))?.identity(certificate?.root ?? publicKey);
  const record = await newestOf(facts, known?.newest);
  const revokedKeys = [...record?.revokedKeys ?? []];
  for (const one of known?.revoked ?? []) {
    if (!revokedKeys.some(({ key }) => equalBytes(key, one.key))) revokedKeys.push(one);
  }
  const isRevoked = (key: Uint8Array) => revokedKeys.find((one) => equalBytes(one.key, key));
  return {
    ...facts,
    publicKey,
    ...(record && { signingKeys: record.signingKeys.filter(({ key }) => !isRevoked(key)) }),
    revokedKeys,
    ownRevocation: isRevoked(publicKey),
  };
}

/** Returns the newer one of the publisher records beside the key and in what the home has learned. */
async function newestOf(
  { record: beside }: KeyFacts,
  learned: KnownIdentity["newest"],
): Promise<PublisherRecord | undefined> {
  if (!beside) return learned?.record;
  const { decodeItem, decodePublisherRecord } = await import("../../records/mod.ts");
  const { seq, value } = decodeItem(beside);
  return learned && learned.item.seq > seq ? learned.record : decodePublisherRecord(value);
}

function describeRevocation({ sinceMs, reason }: RevokedKey): string {
  const why = reason === undefined ? "" : ` (${JSON.stringify(reason)})`;
  return `since ${timeOf(sinceMs)}${why}; with the root key, run \`libreseed key rotate\``;
}

function timeOf(ms: number): string {
  return isoTime(ms).replace(/:\d\d\.\d+Z$/, "Z");
}
