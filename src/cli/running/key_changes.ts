/**
 * Changes the keys that sign for this home's publisher: `libreseed key certify`, `rotate` and `revoke`.
 * The launcher opens the root key and signs. This file reads what is known of the publisher before, and
 * puts the new record into the DHT.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { formatCount, publisherKeyPath, toHex } from "../../base/mod.ts";
import type { GoodArchives, KeyChange, KeyOrder } from "../../keys/mod.ts";
import type { MutableItem } from "../../records/mod.ts";
import { CliError } from "../process/errors.ts";
import { goodArchives } from "./good_archives.ts";
import { keyFlagNames, type KeyRun } from "./key_run.ts";
import { signPackagesAgain } from "./packages_again.ts";
import { type Network, withNode } from "./with_node.ts";

/** Maximum number of records that the launcher takes. A record has at most 8 revoked keys. */
const MAX_RECORDS = 16;

/** Carries out the order of a command line. */
export async function changeKeys(given: KeyRun): Promise<void> {
  const { args, flags, io, output } = given;
  const { keyOrderOf } = await import("../../keys/mod.ts");
  const order = keyOrderOf(args.filter((one) => one !== undefined), flags, io.cwd)!;
  refuseUnused(given, order.do);
  const path = publisherKeyPath((await given.settings()).values.home);
  // Ask for the root key before the engine starts, so that a wrong one is noticed at once.
  const root = await io.launcher.rootKey(path, order);
  const before = await revokedBefore(given, order, path);
  if (before !== undefined) return await completeRevocation(given, before);
  const change = await withNode(given, async (network) => {
    const seen = await knownRecord(given, network, root, path);
    const good = order.do === "revoke"
      ? await goodArchives(given, network, { order, root, seen, keyPath: path })
      : undefined;
    const known = { seen: await allRecords(network, root, seen), ...(good && { good }) };
    const change = await io.launcher.changeKeys(path, order, known);
    await put(given, network, change, good);
    // A new key of this home takes over what the old one has signed.
    if (order.do !== "certify" && change.key) await signPackagesAgain(given, network);
    return change;
  });
  if (order.do === "certify" && flags.output !== undefined) {
    await writeCertificate(given, flags.output, change.certificate!);
  }
  await print(given, order, change);
  if (change.keptAs !== undefined) {
    output.notice(
      `the signing key that was replaced is kept as ${change.keptAs}; delete it when nothing needs it`,
    );
  }
}

/** Returns the key that an order names to revoke, if the record of this home revokes it already. */
async function revokedBefore(
  { io }: KeyRun,
  order: KeyOrder,
  keyPath: string,
): Promise<string | undefined> {
  if (order.do !== "revoke" || order.key === undefined) return undefined;
  const { record } = await io.launcher.keyFacts(keyPath);
  if (!record) return undefined;
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const { decodeItem, decodePublisherRecord } = await import("../../records/mod.ts");
  const { revokedKeys } = decodePublisherRecord(decodeItem(record).value);
  return revokedKeys.some(({ key }) => formatPublicKey(key) === order.key) ? order.key : undefined;
}

/**
 * Does what follows a revocation: puts the record, and signs packages again. A command that was killed has
 * left the keys changed and the rest undone.
 */
async function completeRevocation(given: KeyRun, key: string): Promise<void> {
  const { io, output } = given;
  const { decodeItem } = await import("../../records/mod.ts");
  const path = publisherKeyPath((await given.settings()).values.home);
  const { publicKey, certificate, record } = await io.launcher.keyFacts(path);
  const identity = certificate?.root ?? decodeItem(record!).publicKey;
  await withNode(given, async (network) => {
    await put(given, network, { identity, record: record! }, undefined);
    if (publicKey) await signPackagesAgain(given, network);
  });
  output.notice("the key was revoked before; its record is put again, and its reason stays");
  const { formatPublicKey } = await import("../../identity/mod.ts");
  output.result(
    { identity: formatPublicKey(identity), key: null, revoked: key, replaced: null },
    key,
  );
}

/** Refuses flags that the action has no use for. */
function refuseUnused({ args, flags }: KeyRun, action: KeyOrder["do"]): void {
  const used: Record<KeyOrder["do"], readonly string[]> = {
    certify: ["names", "until", "output"],
    rotate: [],
    revoke: ["current", "reason", "since", "good", "yes"],
  };
  const unused = keyFlagNames.find((name) =>
    name !== "root" && flags[name] !== undefined && !used[action].includes(name)
  );
  if (unused) {
    throw new CliError("usage", "BAD_ARGUMENTS", `--${unused} has no use with key ${action}`);
  }
  if (args[2] !== undefined) {
    throw new CliError("usage", "BAD_ARGUMENTS", `key ${action} takes no third argument`);
  }
}

/**
 * Returns the newest publisher record in the DHT, or kept by this home. Without an answer and without a
 * record of its own, the home could sign a record that leaves out other keys.
 */
async function knownRecord(
  { io, output }: KeyRun,
  { operations }: Network,
  root: Uint8Array,
  keyPath: string,
): Promise<MutableItem | undefined> {
  const { newestRecord } = await import("../../fetching/mod.ts");
  const { publisherSalt } = await import("../../records/mod.ts");
  const key = { publicKey: root, salt: publisherSalt() };
  const { item, isOffline } = await newestRecord(operations, key, {
    signal: io.signal,
    rendezvous: { identity: root, clock: io.clock },
  });
  if (!isOffline) return item;
  if (!item && (await io.launcher.keyFacts(keyPath)).record === undefined) {
    throw new CliError(
      "network",
      "DHT_UNREACHABLE",
      "No DHT node answered, and this home has no record of the identity's keys, so the new record could " +
        "leave some out. Try again when the network is there (`libreseed doctor`)",
    );
  }
  output.warning(
    "no DHT node answered; the change is based on the record in this home. If the keys were changed on " +
      "another machine, run this command again when the network is there",
  );
  return item;
}

/**
 * Returns the newest publisher record that was found, and those by which this home has learned of the
 * identity's revoked keys, serialised. Nodes may have withheld the newest one, and a record that left a
 * revocation out would show newcomers the revoked key as good.
 */
async function allRecords(
  { trust }: Network,
  root: Uint8Array,
  seen: MutableItem | undefined,
): Promise<Uint8Array[]> {
  const { encodeItem } = await import("../../records/mod.ts");
  const known = trust.identity(root);
  const items = [seen, known?.newest?.item, ...known?.revoked.map(({ item }) => item) ?? []]
    .filter((item) => item !== undefined);
  const bySignature = new Map(items.map((item) => [toHex(item.signature), encodeItem(item)]));
  return [...bySignature.values()].slice(0, MAX_RECORDS);
}

/** Puts the new record, which stays in the home if no node takes it. */
async function put(
  { io, output }: KeyRun,
  { operations, node, trust }: Network,
  { identity, record }: Pick<KeyChange, "identity" | "record">,
  good: GoodArchives | undefined,
): Promise<void> {
  const { goodListFileName, isNetworkError } = await import("../../fetching/mod.ts");
  const { decodeItem } = await import("../../records/mod.ts");
  if (good?.list && node.status.daemon) {
    await operations.addCatalog({ fileName: goodListFileName(identity), announce: true });
  }
  const item = decodeItem(record);
  // The revocation applies to this home, too.
  trust.learnRecord(item);
  const request = { item, record: { kind: "publisher" as const } };
  try {
    const { holding } = await operations.store(request, { signal: io.signal });
    if (holding > 0) {
      output.notice(`the record of the keys is on ${formatCount(holding, "node")}`);
      return;
    }
  } catch (error) {
    // The keys are changed already, so that an interruption must not look like a failure.
    if (!io.signal.aborted && !isNetworkError(error)) throw error;
  }
  output.warning(
    "no node took the record of the keys, so readers do not know of the change yet; it is kept, and " +
      "`libreseed announce` or a running `libreseed seed` puts it",
  );
}

async function writeCertificate({ io, output }: KeyRun, file: string, text: string): Promise<void> {
  const { writeFileAtomic } = await import("../../store/mod.ts");
  const path = resolve(io.cwd, file);
  await writeFileAtomic(path, text, { temporaryPath: io.stagingFor(dirname(path)) });
  output.notice(
    `wrote ${path}; put it beside the certified key, as keys/publisher.cert in its home`,
  );
}

async function print({ output, flags }: KeyRun, order: KeyOrder, change: KeyChange): Promise<void> {
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const { identity, key, certificate, revoked, keptAs } = change;
  const textOf = (one: Uint8Array | undefined) => one && formatPublicKey(one);
  const text = order.do !== "certify"
    ? textOf(order.do === "revoke" ? revoked : key)
    : flags.output === undefined
    ? certificate!.trimEnd()
    : textOf(key);
  if (order.do === "revoke") output.notice(`revoked ${textOf(revoked)}`);
  if (order.do !== "certify" && key) output.notice(`the signing key is ${textOf(key)} now`);
  output.result({
    identity: textOf(identity),
    key: textOf(key) ?? null,
    revoked: textOf(revoked) ?? null,
    replaced: keptAs ?? null,
    ...(certificate && { certificate: JSON.parse(certificate) }),
  }, text);
}
