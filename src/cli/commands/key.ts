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
import type { KeyArgs, KeyFlags, KeyRun } from "../running/key_run.ts";

const actions = ["show", "list", "certify", "rotate", "revoke"] as const;

export default defineCommand<KeyFlags, KeyArgs>({
  description:
    "show prints this home's identity and where its keys are; list prints all keys that sign for it, and " +
    "those that are revoked. With the root key: certify KEY lets another key sign, for example that of a " +
    "CI, and prints its certificate; rotate makes a new signing key for this home; revoke KEY has " +
    "readers refuse what a stolen key signs, except the archives in this home. The root key is the one " +
    "in the home, or the one that --root names.",
  examples: [
    "libreseed key show",
    "libreseed key certify ed25519:BASE64 --names 'a,@me/*' --until 90d",
    "libreseed key rotate --root /media/stick/root.key",
    "libreseed key revoke --current --reason stolen --root -",
  ],
  settings: ["home", "dir", ...networkSettings, ...archiveSettings],
  home: {
    show: "existing",
    list: "existing",
    certify: "created",
    rotate: "created",
    revoke: "created",
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
      yes: switchFlag("With revoke: do not ask for confirmation"),
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [
        choiceArgument(actions, "What to do"),
        { ...textArgument("KEY", "Public key, ed25519:BASE64 or hex"), optional: true },
        { ...textArgument("FILE", "A file"), optional: true },
      ],
    },
  },
  async run(given) {
    const [action] = given.args;
    if (action === "show" || action === "list") return await show(given);
    const { changeKeys } = await import("../running/key_changes.ts");
    await changeKeys(given);
  },
});

async function show(given: KeyRun): Promise<void> {
  const { listKeys, showKeys } = await import("../running/key_listing.ts");
  await (given.args[0] === "show" ? showKeys(given) : listKeys(given));
}
