/**
 * A thread that writes a command's outputs, for tests of the permissions that this takes. The test
 * starts the thread with a list of paths, and sends it one {@linkcode ConfinedTask}.
 *
 * @module
 */

import { systemClock } from "../../src/base/mod.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { writeLockFile } from "../../src/install/lock_file.ts";
import {
  checkUnpackTarget,
  type MinimalManifest,
  packDirectory,
  verifyArchive,
} from "../../src/package/mod.ts";
import { localRequests } from "../../src/launcher/mod.ts";
import { PackageStore } from "../../src/store/mod.ts";

/** The task of the thread. All paths are absolute. */
export type ConfinedTask =
  | { task: "pack"; dir: string; out: string; stagingPath: string }
  | {
    task: "unpack";
    archivePath: string;
    minimal: MinimalManifest;
    unpackTo: string;
    stagingPath: string;
  }
  | { task: "lock"; lockPath: string; stagingPath: string; store: string }
  | { task: "write"; path: string };

/** Code and message of the error with which a task failed; nothing if the task succeeded. */
export interface ConfinedOutcome {
  code?: string;
  message?: string;
}

declare const self: {
  onmessage: (event: { data: ConfinedTask }) => void;
  postMessage(message: ConfinedOutcome): void;
};

async function carryOut(given: ConfinedTask): Promise<void> {
  if (given.task === "pack") {
    await packDirectory({
      dir: given.dir,
      out: given.out,
      stagingFor: () => given.stagingPath,
      name: "tool",
      version: "1.0.0",
      signer: generateKeyPair(),
      timestampMs: 1_700_000_000_000,
    });
  } else if (given.task === "unpack") {
    await checkUnpackTarget(given.unpackTo, given.stagingPath);
    await verifyArchive(given);
  } else if (given.task === "lock") {
    await new PackageStore(given.store, localRequests().makeLink, systemClock).tidyBeside(
      given.lockPath,
    );
    const lock = { packages: new Map(), requirements: new Map() };
    await writeLockFile(given.lockPath, lock, given.stagingPath);
  } else {
    await Deno.writeTextFile(given.path, "written");
  }
}

self.onmessage = ({ data }) => {
  carryOut(data).then(
    () => self.postMessage({}),
    (error) => self.postMessage({ code: error.code ?? error.name, message: error.message }),
  );
};
