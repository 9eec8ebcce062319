/**
 * Prints the keys of this home's publisher: `libreseed key show` and `key list`.
 *
 * @module
 */

import { isoTime, publisherKeyPath } from "../../base/mod.ts";
import type { KeyFacts } from "../../keys/mod.ts";
import type { PublisherRecord } from "../../records/mod.ts";
import { CliError } from "../process/errors.ts";
import { formatTable, tableColumns } from "../terminal/table.ts";
import type { KeyRun } from "./key_run.ts";

/** Prints identity, fingerprint, picture, and where each key is. */
export async function showKeys(given: KeyRun): Promise<void> {
  const { output } = given;
  const { fingerprint, formatPublicKey, randomart } = await import("../../identity/mod.ts");
  const facts = await factsOf(given);
  const { publicKey, certificate, path, isEncrypted, rootPath, oldPaths } = facts;
  const identity = certificate?.root ?? publicKey;
  const record = await recordOf(facts);
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
      ...(record && { signingKeys: record.signingKeys.map(({ key }) => formatPublicKey(key)) }),
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
  const facts = await factsOf(given);
  const record: Pick<PublisherRecord, "signingKeys" | "revokedKeys"> = await recordOf(facts) ?? {
    signingKeys: [facts.certificate ?? { key: facts.publicKey, fromMs: 0 }],
    revokedKeys: [],
  };
  const rows: string[][] = [];
  for (const { key, fromMs, untilMs, names } of record.signingKeys) {
    const isOwn = equalBytes(key, facts.publicKey);
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
  for (const { key, sinceMs, reason } of record.revokedKeys) {
    const since = timeOf(sinceMs);
    if (output.json) {
      output.result(
        { key: formatPublicKey(key), state: "revoked", since, reason: reason ?? null },
        undefined,
      );
    }
    rows.push([formatPublicKey(key), "revoked", `since ${since}`, reason ?? "", ""]);
  }
  if (!output.json) output.result({}, formatTable(rows, tableColumns(io.stdout)));
}

async function factsOf(
  { io, settings }: KeyRun,
): Promise<KeyFacts & Required<Pick<KeyFacts, "publicKey">>> {
  const path = publisherKeyPath((await settings()).values.home);
  const facts = await io.launcher.keyFacts(path);
  if (facts.publicKey) return { ...facts, publicKey: facts.publicKey };
  throw new CliError(
    "not-found",
    "KEY_NOT_FOUND",
    `There is no key at ${path}. Make one with \`libreseed keygen\`.`,
    { detail: { path } },
  );
}

async function recordOf({ record }: KeyFacts): Promise<PublisherRecord | undefined> {
  if (!record) return undefined;
  const { decodeItem, decodePublisherRecord } = await import("../../records/mod.ts");
  return decodePublisherRecord(decodeItem(record).value);
}

function timeOf(ms: number): string {
  return isoTime(ms).replace(/:\d\d\.\d+Z$/, "Z");
}
