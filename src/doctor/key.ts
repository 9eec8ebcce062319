/**
 * The doctor's check of the publisher's key file: this user can read it, and no other user can read
 * or replace it.
 *
 * @module
 */

import { dirname } from "node:path";
import { errorFromData, isoDay, isOfFuture } from "../base/mod.ts";
import { homePaths, isStrangers } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import type { KeyExamination, LauncherRequests } from "../launcher/mod.ts";
import { type Check, checkFailed, fail, ok, warn } from "./check.ts";
import { openTo } from "./file_access.ts";

/** Time before the end of a certificate from which the doctor warns of it (ms): 14 days. */
const NEAR_END_MS = 14 * 86_400_000;

/**
 * Checks the publisher's key file, its certificate and its directory. A home without a key file passes.
 *
 * @param own user id of this process
 * @param nowMs Unix milliseconds
 */
export async function checkKey(
  home: string,
  own: number | undefined,
  nowMs: number,
  launcher: Pick<LauncherRequests, "examineKey">,
): Promise<Check> {
  const name = "key";
  const { key: path } = homePaths(home);
  const keys = dirname(path);
  const { owners, key, problem, rootPath } = await launcher.examineKey(path);
  const ofOther = checkOwners(owners, keys, own);
  if (ofOther) return ofOther;
  if (!key) return describeProblem(path, problem!);
  const { identity, directoryMode, names } = key;
  const writable = openTo(directoryMode, 0o022);
  if (writable !== undefined) {
    return fail(
      name,
      `others can replace files in ${keys} (mode ${writable})`,
      `run: chmod 700 ${keys}`,
    );
  }
  const open = openTo(directoryMode, 0o077);
  if (open !== undefined) {
    return warn(name, `${keys} is open to others (mode ${open})`, `run: chmod 700 ${keys}`);
  }
  const publisher = formatPublicKey(identity);
  if (key.revoked) return revokedKey(name, key.revoked);
  if (names > 1) {
    const mend = "find the others with `find / -samefile`, and remove those that you did not make";
    return warn(name, `publisher ${publisher}; the key file has ${names} names`, mend);
  }
  if (rootPath !== undefined) {
    return warn(
      name,
      `the root key lies in the home (${rootPath}), where a thief of the signing key finds it too`,
      "run: libreseed key root move FILE",
    );
  }
  return checkTimes(key, nowMs) ?? ok(name, `publisher ${publisher}`);
}

/**
 * Reports that the home's signing key is revoked.
 *
 * @param name subject of the check
 */
export function revokedKey(
  name: string,
  { sinceMs, reason }: { sinceMs: number; reason?: string },
): Check {
  return fail(
    name,
    `the identity has revoked this home's signing key since ${isoDay(sinceMs)}` +
      (reason === undefined ? "" : ` (${JSON.stringify(reason)})`) +
      ", so readers refuse what it signs",
    "with the root key, run: libreseed key rotate",
  );
}

/** Reports a key that its certificate lets sign no more, not yet, or not much longer. */
function checkTimes(
  { publicKey, fromMs = 0, untilMs = Infinity }: NonNullable<KeyExamination["key"]>,
  nowMs: number,
): Check | undefined {
  const name = "key";
  const mend = `with the root key, run: libreseed key certify ${formatPublicKey(publicKey)}`;
  if (isOfFuture(fromMs, nowMs)) {
    return fail(name, `its certificate begins on ${isoDay(fromMs)}, so it signs nothing yet`, mend);
  }
  if (untilMs <= nowMs) {
    return fail(
      name,
      `its certificate ended on ${isoDay(untilMs)}, so it signs nothing more`,
      mend,
    );
  }
  if (untilMs - nowMs > NEAR_END_MS) return undefined;
  return warn(name, `its certificate ends on ${isoDay(untilMs)}`, mend);
}

/** Reports a key file that cannot be used. */
function describeProblem(path: string, problem: NonNullable<KeyExamination["problem"]>): Check {
  const name = "key";
  const { code, message, isDenied, linkTarget } = problem;
  switch (code) {
    case "KEY_IS_LINK": {
      const mend = "move the key file itself there, in place of the link";
      return fail(name, `${path} is a link to ${linkTarget}`, mend);
    }
    case "KEY_NOT_FOUND":
      return ok(name, "none; only publishing needs one, and `libreseed keygen` makes it");
    case "PASSPHRASE_NEEDED":
      return ok(name, `${path} is encrypted`);
    case "CERTIFICATE_INVALID":
    case "CERTIFICATE_UNREADABLE":
    case "KEY_NOT_OURS":
    case "RECORD_INVALID":
      return checkFailed(errorFromData(problem), name);
    case "KEY_UNREADABLE": {
      const check = checkFailed(errorFromData(problem), name);
      return isDenied ? { ...check, mend: `run: chmod 600 ${path}` } : check;
    }
    case "KEY_READABLE_BY_OTHERS":
      return fail(name, `others have access to ${path}`, `run: chmod 600 ${path}`);
    default:
      return fail(name, message, "put your copy of the key file there");
  }
}

/**
 * Reports a key file or directory that belongs to another user, because that user could read or
 * replace the key.
 *
 * @param keys the directory of the key file
 */
function checkOwners(
  owners: KeyExamination["owners"],
  keys: string,
  own: number | undefined,
): Check | undefined {
  if (own === 0) return undefined;
  const ofOther = owners.find(({ uid }) => isStrangers(uid, own));
  if (!ofOther) return undefined;
  const mend = `run: sudo chown -R ${own} ${keys}; or give another --home`;
  return fail("key", `${ofOther.path} belongs to user ${ofOther.uid}, not to ${own}`, mend);
}
