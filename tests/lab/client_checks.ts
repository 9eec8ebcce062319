/**
 * Checks of reading across the internet: from and with libreseed and libtorrent, and from a web
 * server.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Lab, Package } from "./lab.ts";
import type { Place } from "./network.ts";
import { libreseed, libtorrent, type Program } from "./programs.ts";
import { host } from "./web.ts";

const SMALL = 20_000;
/** Time limit of a reading that must succeed. Only a broken program reaches it. */
const PATIENCE_MS = 240_000;

/** Reads a package from a seeder at a place, and asserts that the package arrives. */
async function reaches(lab: Lab, seeder: Program, reader: Program, at: [Place, Place]) {
  const subject: Package = await lab.pack("small", SMALL);
  const named = await lab.seed(seeder, at[0], subject);
  assert.deepEqual(named, [`${at[0].address}:6881`]);
  const outcome = await lab.read(reader.read, at[1], subject, PATIENCE_MS);
  assert("seconds" in outcome, JSON.stringify(outcome));
}

/** Checks by name. Each takes a lab without hosts. */
export const clientChecks: Record<string, (lab: Lab) => Promise<void>> = {
  async "libreseed reads from libreseed across the internet"(lab) {
    const at: [Place, Place] = [await lab.network.host("a"), await lab.network.host("b")];
    await reaches(lab, libreseed, libreseed, at);
  },

  async "libreseed reads from nginx a package that nobody seeds"(lab) {
    const subject = await host(lab, SMALL);
    const reader = await lab.network.host("reader");
    for (const read of [libreseed.readByName, libreseed.read, libreseed.readTorrent]) {
      const outcome = await lab.read(read, reader, subject, PATIENCE_MS);
      assert("seconds" in outcome, JSON.stringify(outcome));
    }
  },

  async "libtorrent reads from libreseed across the internet"(lab) {
    const at: [Place, Place] = [await lab.network.host("a"), await lab.network.host("b")];
    await reaches(lab, libreseed, libtorrent(), at);
  },

  async "libreseed reads from libtorrent across the internet"(lab) {
    const at: [Place, Place] = [await lab.network.host("a"), await lab.network.host("b")];
    await reaches(lab, libtorrent(), libreseed, at);
  },
};
