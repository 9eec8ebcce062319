/**
 * Changes the files with this home's keys, but not the keys: `libreseed key encrypt`, `decrypt`, `root
 * move`, `backup` and `restore`.
 *
 * @module
 */

import { publisherKeyPath } from "../../base/mod.ts";
import type { KeyFileOrder } from "../../keys/mod.ts";
import { CliError } from "../process/errors.ts";
import { backupState, restoreState } from "./home_backup.ts";
import { keyFlagNames, type KeyRun } from "./key_run.ts";

/** Carries out the order of a command line. */
export async function changeKeyFiles(given: KeyRun): Promise<void> {
  const { args, flags, io, output } = given;
  const { keyFileOrderOf } = await import("../../keys/mod.ts");
  const order = keyFileOrderOf(args.filter((one) => one !== undefined), io.cwd)!;
  const flag = keyFlagNames.find((name) => flags[name] !== undefined);
  if (flag) {
    throw new CliError("usage", "BAD_ARGUMENTS", `--${flag} has no use with key ${args[0]}`);
  }
  const { home } = (await given.settings()).values;
  const keyPath = publisherKeyPath(home);
  const paths = order.do === "restore"
    ? await restore(given, keyPath, order)
    : await io.launcher.changeKeyFiles(
      keyPath,
      order,
      order.do === "backup" ? await backupState(given) : undefined,
    );
  for (const path of paths) output.notice(`${wordOf(order)} ${path}`);
  if (order.do === "backup") {
    output.notice("the root key is not in it; keep its recovery code or file elsewhere");
  }
  output.result({ action: order.do, paths }, undefined);
}

async function restore(given: KeyRun, keyPath: string, order: KeyFileOrder): Promise<string[]> {
  const { io } = given;
  const state = await io.launcher.openBackup(keyPath, order);
  // The keys come last: until they are there, a killed restore can be repeated.
  await restoreState(given, state);
  return await io.launcher.restoreKeys(keyPath, order);
}

function wordOf({ do: action }: KeyFileOrder): string {
  const words: Record<KeyFileOrder["do"], string> = {
    encrypt: "encrypted",
    decrypt: "decrypted",
    "move root": "moved the root key to",
    backup: "wrote",
    restore: "restored",
  };
  return words[action];
}
