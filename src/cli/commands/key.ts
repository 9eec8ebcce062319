/**
 * `libreseed key ACTION`: shows and changes the keys that sign for this home's publisher.
 *
 * @module
 */

import {
  choiceArgument,
  defineCommand,
  switchFlag,
  textArgument,
  textFlag,
} from "../flags/command.ts";
import { archiveSettings, networkSettings } from "../flags/common_flags.ts";
import type { KeyArgs, KeyFlags } from "../running/key_run.ts";

const actions = [
  ...["show", "list", "certify", "rotate", "revoke", "encrypt", "decrypt", "root"] as const,
  ...["backup", "restore"] as const,
] as const;

export default defineCommand<KeyFlags, KeyArgs>({
  description:
    "show prints this home's identity and where its keys are; list prints all keys that sign for it, and " +
    "those that are revoked. With the root key: certify KEY lets another key sign, for example that of a " +
    "CI, and prints its certificate; rotate makes a new signing key for this home; revoke KEY has " +
    "readers refuse what a stolen key signs, except the archives in this home. The root key is the one " +
    "in the home, or the one that --root names. encrypt and decrypt put the keys under a passphrase, or " +
    "take it away; root move FILE moves the root key out of the home; backup FILE saves keys, pins and " +
    "records in one encrypted file, without the root key, and restore FILE brings them back.",
  examples: [
    "libreseed key show",
    "libreseed key certify ed25519:BASE64 --names 'a,@me/*' --until 90d",
    "libreseed key rotate --root /media/stick/root.key",
    "libreseed key root move /media/stick/root.key",
    "libreseed key revoke --current --reason stolen --root -",
  ],
  settings: ["home", "dir", ...networkSettings, ...archiveSettings],
  home: {
    show: "existing",
    list: "existing",
    certify: "created",
    rotate: "created",
    revoke: "created",
    encrypt: "existing",
    decrypt: "existing",
    root: "existing",
    backup: "existing",
    restore: "created",
  },
  parameters: {
    flags: {
      root: textFlag(
        "FILE",
        "The root key: a file, - for its recovery code, or ssh-agent:FINGERPRINT",
      ),
      names: textFlag("PATTERNS", "With certify: names that the key may sign, such as 'a,b-*'"),
      until: textFlag("DURATION", "With certify: how long the key may sign, such as 90d"),
      output: textFlag("FILE", "With certify: write the certificate to this file"),
      current: switchFlag("With revoke: this home's own key, which a new one replaces"),
      reason: textFlag("TEXT", "With revoke: why, in at most 64 bytes; everybody can read it"),
      since: textFlag(
        "TIME",
        "With revoke: since when the key is in wrong hands, such as 2026-11-29",
      ),
      good: textFlag(
        "NAME@VERSION,…|all",
        "With revoke: archives of the key that stay good too, though this home did not publish them",
      ),
      yes: switchFlag("With revoke: do not ask for confirmation"),
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [
        choiceArgument(actions, "What to do"),
        {
          ...textArgument("KEY|FILE", "A public key, a backup, or move for root"),
          optional: true,
        },
        { ...textArgument("FILE", "With root move: new file for the root key"), optional: true },
      ],
    },
  },
  async run(given) {
    const [action] = given.args;
    switch (action) {
      case "show":
        return await (await import("../running/key_listing.ts")).showKeys(given);
      case "list":
        return await (await import("../running/key_listing.ts")).listKeys(given);
      case "certify":
      case "rotate":
      case "revoke":
        return await (await import("../running/key_changes.ts")).changeKeys(given);
      default:
        return await (await import("../running/key_files.ts")).changeKeyFiles(given);
    }
  },
});
