/**
 * The requests of a command thread, limited to what this command was granted. The thread may be in
 * the hands of a stranger, so no path that it names is believed.
 *
 * @module
 */

import { LauncherError } from "./errors.ts";
import type { Grants } from "./grants_types.ts";
import type { LauncherRequests } from "./requests.ts";

/** Permissions that the launcher gives up when the command's thread has started. */
export const GIVEN_UP_AT_START: readonly Deno.PermissionName[] = ["env", "ffi"];
/**
 * Permissions that the launcher gives up when the command has settled, and at the start for a command
 * that starts no engine.
 */
export const GIVEN_UP_WHEN_SETTLED: readonly Deno.PermissionName[] = ["sys", "run"];

/** What a command may ask of the launcher. */
export type RequestGrants = Pick<
  Grants,
  | "keyPath"
  | "storePath"
  | "links"
  | "staging"
  | "places"
  | "described"
  | "isExamined"
  | "wantsEngine"
  | "mapsPort"
>;

/** Returns requests that `requests` carries out, and refuses all others. */
export function grantedRequests(
  grants: RequestGrants,
  requests: Omit<LauncherRequests, "startEngine">,
): Omit<LauncherRequests, "startEngine"> {
  const checkKey = (keyPath: string) => {
    if (keyPath !== grants.keyPath) throw refusal(`use the key ${keyPath}`);
  };
  return {
    async publicKey(keyPath) {
      checkKey(keyPath);
      return await requests.publicKey(keyPath);
    },
    async sign(keyPath, statement) {
      checkKey(keyPath);
      return await requests.sign(keyPath, statement);
    },
    async createKey(keyPath) {
      checkKey(keyPath);
      return await requests.createKey(keyPath);
    },
    examineHome(home, seedDirectory) {
      const asked = [home, seedDirectory];
      if (!grants.isExamined || asked.some((path) => !grants.described.includes(path))) {
        throw refusal(`examine ${asked.join(" and ")}`);
      }
      return requests.examineHome(home, seedDirectory);
    },
    async examineKey(keyPath) {
      checkKey(keyPath);
      return await requests.examineKey(keyPath);
    },
    async makeLink(target, path) {
      const { checkLink } = await import("./links.ts");
      await checkLink(grants, target, path);
      await requests.makeLink(target, path);
    },
    async placeFile(staged, path, replace) {
      const { checkPlace } = await import("./placing.ts");
      checkPlace(grants, staged, path, replace);
      await requests.placeFile(staged, path, replace);
    },
    describe(path) {
      if (!grants.described.includes(path)) throw refusal(`ask about ${path}`);
      return requests.describe(path);
    },
    async findPortOwner(port) {
      // The port becomes part of a program's argument.
      if (!Number.isInteger(port)) throw refusal("name a port that is no number");
      return await requests.findPortOwner(port);
    },
    networkAddresses: () => requests.networkAddresses(),
    settle() {
      // The default gateway is looked up with another program as long as the daemon runs.
      giveUp(...GIVEN_UP_WHEN_SETTLED.filter((name) => name !== "run" || !grants.mapsPort));
      return requests.settle();
    },
  };
}

/**
 * Gives up permissions of the launcher for good. Deno can give up only all of a kind. The permission
 * `net` stays: a thread that starts later could not have what the launcher gave up.
 */
export function giveUp(...names: Deno.PermissionName[]): void {
  for (const name of names) Deno.permissions.revokeSync({ name });
}

/** The error for a request that this command was not granted. */
export function refusal(what: string): LauncherError {
  return new LauncherError(
    "failed",
    "NOT_GRANTED",
    `This command may not ${what}. This is a fault of libreseed: report it`,
  );
}
