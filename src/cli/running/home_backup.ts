/**
 * The parts of a home besides its keys that a backup has: pins, followed publishers, kept records, and what is
 * known of keys (`trust.log`). It is JSON; keys and records are in base64:
 *
 * | member | value |
 * | --- | --- |
 * | `pins` | list of the columns of a pin |
 * | `follows` | list of `key` and `sinceMs`, and `name` and `range` if not all of the publisher is followed |
 * | `records` | list of `kind`, `name`, `version`, `own`, `createdMs`, `item` (as `encodeItem` writes it) |
 * | `trust` | lines of `trust.log` |
 *
 * @module
 */

import { fromBase64, fromUtf8, homePaths, toBase64, trustLogOf, utf8 } from "../../base/mod.ts";
import type { FollowScope, Pin, StateDatabase } from "../../store/mod.ts";
import { CliError } from "../process/errors.ts";
import type { KeyRun } from "./key_run.ts";
import { withState } from "./with_state.ts";

/** The JSON form of a backup's state. */
interface State {
  pins: (Omit<Pin, "publicKey"> & { key: string })[];
  follows: ({ key: string; sinceMs: number } & FollowScope)[];
  records: {
    kind: string;
    name?: string;
    version?: string;
    own: boolean;
    createdMs: number;
    item: string;
  }[];
  trust: string[];
}

/** Returns what the home has besides its keys, for a backup. */
export async function backupState(given: KeyRun): Promise<Uint8Array> {
  const { encodeItem } = await import("../../records/mod.ts");
  const { readLines } = await import("../../store/mod.ts");
  return await withState(given, (state, { home }) => {
    const content: State = {
      pins: state.pins.list().map(({ publicKey, ...pin }) => ({
        ...pin,
        key: toBase64(publicKey),
      })),
      follows: state.follows.list().flatMap(({ publicKey, scopes }) =>
        scopes.map((scope) => ({ key: toBase64(publicKey), ...scope }))
      ),
      records: state.records.list().map(({ kind, name, version, own, createdMs, item }) => ({
        kind,
        ...(name !== undefined && { name }),
        ...(version !== undefined && { version }),
        own,
        createdMs,
        item: toBase64(encodeItem(item)),
      })),
      trust: readLines(trustLogOf(homePaths(home).state), 0).lines,
    };
    return Promise.resolve(utf8(JSON.stringify(content)));
  });
}

/**
 * Adds what a backup has to the home. What the home has already stays. It can be repeated.
 *
 * @throws {CliError} `FILE_INVALID` if another version of libreseed has written the backup
 */
export async function restoreState(given: KeyRun, bytes: Uint8Array): Promise<void> {
  const { decodeItem, targetOf } = await import("../../records/mod.ts");
  const { appendLine, readLines } = await import("../../store/mod.ts");
  const { pins, follows, records, trust } = readState(bytes);
  await withState(given, (state, { home }) => {
    state.transaction(() => {
      for (const { key, ...pin } of pins) {
        if (!hasPin(state, pin.name, key)) state.pins.set({ ...pin, publicKey: fromBase64(key)! });
      }
      for (const { key, sinceMs, ...scope } of follows) {
        state.follows.add(fromBase64(key)!, sinceMs, scope);
      }
      for (const { item: text, ...record } of records) {
        const item = decodeItem(fromBase64(text)!);
        state.records.put({ ...record, item, target: targetOf(item.publicKey, item.salt) });
      }
    });
    const log = trustLogOf(homePaths(home).state);
    const known = new Set(readLines(log, 0).lines);
    for (const line of trust) if (!known.has(line)) appendLine(log, line);
    return Promise.resolve();
  });
}

function hasPin(state: StateDatabase, name: string, key: string): boolean {
  return state.pins.list(name).some(({ publicKey }) => toBase64(publicKey) === key);
}

function readState(bytes: Uint8Array): State {
  const { pins, follows, records, trust } = JSON.parse(fromUtf8(bytes)) as Partial<State>;
  if (pins && follows && records && trust) return { pins, follows, records, trust };
  throw new CliError(
    "failed",
    "FILE_INVALID",
    "The backup has another form than this version of libreseed writes",
  );
}
