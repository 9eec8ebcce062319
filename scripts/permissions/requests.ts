/**
 * Words about the requests to the launcher, for the page about permissions: what each does, which
 * commands may ask for it, and what the launcher checks first.
 *
 * @module
 */

import type { Grants, LauncherRequests } from "../../src/launcher/mod.ts";

/** A row of the table of requests. */
export interface RequestRow {
  does: string;
  /** Whether a command with these grants may ask. */
  isGranted(grants: Grants): boolean;
  check: string;
}

const ofKey = {
  isGranted: ({ keyPath }: Grants) => keyPath !== undefined,
  check: "the path is that of this home's key",
};
const ofAll = { isGranted: () => true, check: "none: it names no path" };

/** The rows by the name of the request. The type holds the table to the code. */
export const requestRows: Record<keyof LauncherRequests, RequestRow> = {
  publicKey: { does: "returns the public key", ...ofKey },
  sign: {
    does: "signs a manifest, a record or a name entry, whose bytes it builds itself",
    ...ofKey,
  },
  createKey: { does: "makes the key file, never over another", ...ofKey },
  examineKey: { does: "tells owner, mode and state of the key file", ...ofKey },
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
    isGranted: ({ wantsEngine }) => wantsEngine,
    check:
      "the permissions follow from the settings that the launcher has read, not from the request",
  },
  findPortOwner: {
    does: "runs `ss` to learn which process listens on a port",
    isGranted: ofAll.isGranted,
    check: "the port is a whole number",
  },
  networkAddresses: { does: "returns the addresses of this machine", ...ofAll },
  settle: { does: "gives up permissions of the launcher for good", ...ofAll },
};
