/**
 * `libreseed keygen`: creates the publisher's key pair.
 *
 * @module
 */

import { publisherKeyPath } from "../../base/mod.ts";
import { defineCommand } from "../flags/command.ts";

export default defineCommand<Record<never, never>, []>({
  description:
    "Writes an Ed25519 key to keys/publisher.key in the home directory and prints its public half, by " +
    "which others know you. Keep a copy of the file in a safe place: a lost key cannot be restored, " +
    "and anyone who has the file can sign in your name.",
  settings: ["home"],
  home: "created",
  parameters: {},
  async run({ io, output, settings }) {
    const { fingerprint, formatPublicKey } = await import("../../identity/mod.ts");
    const path = publisherKeyPath((await settings()).values.home);
    const key = await io.launcher.createKey(path);
    const publicKey = formatPublicKey(key);
    output.notice(`wrote ${path}; keep a copy in a safe place`);
    output.detail(`fingerprint: ${fingerprint(key)}`);
    output.result({ publicKey, fingerprint: fingerprint(key), path }, publicKey);
  },
});
