/**
 * The list of requests to the launcher, for the page about permissions: the effect of each, the
 * commands that may send it, and the launcher's check.
 *
 * @module
 */

import type { Grants, LauncherRequests } from "../../src/launcher/mod.ts";

/** A line of the list of requests. */
export interface RequestRow {
  does: string;
  /** Whether a command with these grants may send the request. */
  isGranted(grants: Grants): boolean;
  check: string;
}

const check = "the path is that of this home's key";
const orderCheck = "the order is the one that the launcher has read from the command line itself";
/** Returns the line of a use of the key. `use` is the beginning of the use's name. */
const ofKey = (use: string) => ({
  isGranted: ({ keyUses }: Grants) => keyUses.some((one) => one.startsWith(use)),
  check,
});
const ofEngine = ({ wantsEngine }: Grants) => wantsEngine;
const ofAll = { isGranted: () => true, check: "nothing, since it names no path" };

/** The lines by the name of the request. The type makes sure that no request is missing. */
export const requestRows: Record<keyof LauncherRequests, RequestRow> = {
  signingKey: {
    does: "returns the public key and its certificate",
    ...ofKey("tell the public key"),
  },
  sign: {
    does: "builds the bytes of a manifest, a record or a name entry, and signs them",
    ...ofKey("sign"),
    check:
      "the path is that of this home's key; `pack` may have only manifests signed, `manifest put` only " +
      "a record; a record's sequence number lies at most 100 years ahead",
  },
  createKey: { does: "creates the key file, and overwrites none", ...ofKey("create") },
  createIdentity: {
    does: "makes a root key and the signing key that it certifies; shows the recovery code itself",
    ...ofKey("make an identity"),
    check: orderCheck,
  },
  rootKey: {
    does: "opens the root key, and asks for its recovery code or passphrase itself",
    ...ofKey("change the keys"),
    check: orderCheck,
  },
  changeKeys: {
    does: "certifies, replaces or revokes a signing key, and signs the publisher record",
    ...ofKey("change the keys"),
    check: `${orderCheck}; a record from the DHT counts only if the root key has signed it`,
  },
  changeKeyFiles: {
    does: "encrypts or decrypts the keys, moves the root key, or writes an encrypted backup",
    ...ofKey("change the key files"),
    check: orderCheck,
  },
  openBackup: {
    does: "decrypts a backup, and returns what it has besides keys",
    ...ofKey("restore the keys"),
    check: orderCheck,
  },
  restoreKeys: {
    does: "writes the keys of the opened backup, and overwrites none",
    ...ofKey("restore the keys"),
    check: orderCheck,
  },
  keyFacts: {
    does: "tells the public keys, the certificate, and where the keys lie",
    ...ofKey("tell the keys"),
  },
  examineKey: { does: "tells owner, mode and state of the key file", ...ofKey("examine") },
  examineHome: {
    does: "tells owners, modes, times, links and free space of the home",
    isGranted: ({ isExamined }) => isExamined,
    check: "the paths are this home and this seed directory",
  },
  describe: {
    does: "tells owner, mode and real path of a directory",
    isGranted: ({ described }) => described.length > 0,
    check: "the path is one of: the home, `keys`, the seed directory, the default home",
  },
  makeLink: {
    does: "makes a symbolic link",
    isGranted: ({ storePath }) => storePath !== undefined,
    check:
      "it leads to a package's files in the store, and lies in the store's `node_modules`, at " +
      "the path of the command line, or in place of such a link",
  },
  placeFile: {
    does: "gives a finished file its name",
    isGranted: ({ places }) => places.length > 0,
    check:
      "from the command's own staging directory into the directory around it; the name is one " +
      "of an archive, a manifest or a torrent; no file is replaced, except by a command without " +
      "network",
  },
  startEngine: {
    does: "starts the engine's thread",
    isGranted: ofEngine,
    check:
      "one at a time; the permissions follow from the settings that the launcher has read, not from " +
      "the request",
  },
  startHelper: {
    does: "starts a thread that compresses, hashes or writes files",
    isGranted: () => true,
    check: "as many as the machine has processors, at most six; the command's own lists have the " +
      "files that the thread may open",
  },
  openWebhook: {
    does: "opens a port of the gate to the server of the setting `webhook`",
    isGranted: ({ webhook }) => webhook !== undefined,
    check: "the gate refuses every other server; the command names none",
  },
  findPortOwner: {
    does: "runs `ss` to learn which process listens on a port",
    isGranted: ofEngine,
    check: "the port is the configured one, and the command has not settled yet",
  },
  findBinding: {
    does: "finds the addresses of `bind`, and runs `ip` to learn by which interface packets leave",
    isGranted: ofEngine,
    check: "the address or interface is that of the settings",
  },
  networkAddresses: {
    does: "returns the addresses of this machine",
    isGranted: ofEngine,
    check: "the command has not settled yet",
  },
  settle: { does: "gives up permissions of the launcher for good", ...ofAll },
};
