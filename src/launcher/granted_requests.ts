/**
 * The requests of a command thread, limited to what this command was granted. A stranger may
 * control the thread, so the launcher trusts no path in a request.
 *
 * @module
 */

import { MAX_SEQ_AHEAD_MS } from "../base/mod.ts";
import { refusal } from "./errors.ts";
import type { Grants } from "./grants_types.ts";
import type { KeyFileOrder, KeyOrder } from "../keys/mod.ts";
import type { KeyUse } from "./key_uses.ts";
import type { AnsweredRequest } from "./messages.ts";
import type { LauncherRequests } from "./requests.ts";

/** Permissions that the launcher gives up when the command's thread has started. */
export const GIVEN_UP_AT_START: readonly Deno.PermissionName[] = ["env", "ffi"];
/**
 * Permissions that the launcher gives up when the command has settled, and at the start for a command
 * that starts no engine.
 */
export const GIVEN_UP_WHEN_SETTLED: readonly Deno.PermissionName[] = ["sys", "run"];

/** The requests that a command may send to the launcher. */
export type RequestGrants = Pick<
  Grants,
  | "keyPath"
  | "keyUses"
  | "keyLine"
  | "port"
  | "storePath"
  | "links"
  | "staging"
  | "places"
  | "described"
  | "isExamined"
  | "wantsEngine"
  | "mapsPort"
  | "watchesAddresses"
  | "bind"
>;

/** Returns requests that check each call against the grants, and have `requests` carry it out. */
export function grantedRequests(
  grants: RequestGrants,
  requests: Pick<LauncherRequests, AnsweredRequest>,
  now: () => number = Date.now,
): Pick<LauncherRequests, AnsweredRequest> {
  let isSettled = false;
  const checkKey = (keyPath: string, use: KeyUse) => {
    if (
      grants.keyPath === undefined || keyPath !== grants.keyPath || !grants.keyUses.includes(use)
    ) {
      throw refusal(`use the key ${keyPath} to ${use}`);
    }
  };
  const keyOrder = async (requested: KeyOrder) => {
    const { keyOrderOf } = await import("../keys/mod.ts");
    const { args, flags, cwd } = grants.keyLine!;
    return ordered(keyOrderOf(args, flags, cwd), requested);
  };
  const keyFileOrder = async (requested: KeyFileOrder) => {
    const { keyFileOrderOf } = await import("../keys/mod.ts");
    const { args, cwd } = grants.keyLine!;
    return ordered(keyFileOrderOf(args, cwd), requested);
  };
  const checkEngine = (what: string) => {
    if (!grants.wantsEngine || isSettled) throw refusal(what);
  };
  return {
    async signingKey(keyPath, opens) {
      checkKey(keyPath, "tell the public key");
      return await requests.signingKey(keyPath, opens);
    },
    async sign(keyPath, statement) {
      checkKey(keyPath, `sign a ${statement.kind}`);
      if (statement.kind === "record" && statement.seq > now() + MAX_SEQ_AHEAD_MS) {
        throw refusal("sign a record that could not be replaced");
      }
      return await requests.sign(keyPath, statement);
    },
    async createKey(keyPath) {
      checkKey(keyPath, "create it");
      return await requests.createKey(keyPath);
    },
    examineHome(home, seedDirectory) {
      const asked = [home, seedDirectory];
      if (!grants.isExamined || asked.some((path) => !grants.described.includes(path))) {
        throw refusal(`examine ${asked.join(" and ")}`);
      }
      return requests.examineHome(home, seedDirectory);
    },
    async createIdentity(keyPath, order) {
      checkKey(keyPath, "make an identity");
      const { identityOrderOf } = await import("../keys/mod.ts");
      const { flags, cwd } = grants.keyLine!;
      return await requests.createIdentity(keyPath, ordered(identityOrderOf(flags, cwd), order));
    },
    async rootKey(keyPath, order) {
      checkKey(keyPath, "change the keys");
      return await requests.rootKey(keyPath, await keyOrder(order));
    },
    async changeKeys(keyPath, order, known) {
      checkKey(keyPath, "change the keys");
      return await requests.changeKeys(keyPath, await keyOrder(order), known);
    },
    async changeKeyFiles(keyPath, order, state) {
      checkKey(keyPath, "change the key files");
      return await requests.changeKeyFiles(keyPath, await keyFileOrder(order), state);
    },
    async openBackup(keyPath, order) {
      checkKey(keyPath, "restore the keys");
      return await requests.openBackup(keyPath, await keyFileOrder(order));
    },
    async restoreKeys(keyPath, order) {
      checkKey(keyPath, "restore the keys");
      return await requests.restoreKeys(keyPath, await keyFileOrder(order));
    },
    async keyFacts(keyPath) {
      checkKey(keyPath, "tell the keys");
      return await requests.keyFacts(keyPath);
    },
    async examineKey(keyPath) {
      checkKey(keyPath, "examine it");
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
      checkEngine(`ask who uses the port ${port}`);
      if (port !== grants.port) throw refusal(`ask who uses the port ${port}`);
      return await requests.findPortOwner(port);
    },
    async findBinding(bind) {
      // Also after `settle`: a daemon starts its engine anew when its interface has another address.
      if (!grants.wantsEngine || bind !== grants.bind) throw refusal(`bind to ${bind}`);
      return await requests.findBinding(bind);
    },
    async networkAddresses() {
      checkEngine("ask for the addresses of this machine");
      return await requests.networkAddresses();
    },
    settle() {
      isSettled = true;
      // As long as a daemon runs, the launcher looks up the addresses of this machine and, with the
      // program `ip`, the default gateway, which addresses are lasting, and the routes from those to
      // which the engine is bound.
      const looks = grants.watchesAddresses || grants.mapsPort || grants.bind !== undefined;
      const kept: Deno.PermissionName[] = looks ? ["run", "sys"] : [];
      giveUp(...GIVEN_UP_WHEN_SETTLED.filter((name) => !kept.includes(name)));
      return requests.settle();
    },
  };
}

/**
 * Revokes permissions of the launcher for good. Deno can revoke a kind only as a whole. The
 * launcher keeps `net`, because a thread cannot have a permission that the launcher has revoked.
 */
export function giveUp(...names: Deno.PermissionName[]): void {
  for (const name of names) Deno.permissions.revokeSync({ name });
}

/** Returns the order of the command line, and refuses a request for another one. */
function ordered<ORDER>(given: ORDER | undefined, requested: ORDER): ORDER {
  if (given !== undefined && JSON.stringify(given) === JSON.stringify(requested)) return given;
  throw refusal("change keys in a way that its command line does not order");
}
