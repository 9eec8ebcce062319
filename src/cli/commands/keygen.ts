/**
 * `libreseed keygen`: makes an identity, with the root key that stays off the machine and the signing
 * key that signs daily.
 *
 * @module
 */

import { publisherKeyPath } from "../../base/mod.ts";
import { type CommandRun, defineCommand, switchFlag, textFlag } from "../flags/command.ts";

type Flags = {
  rootOut?: string;
  rootInHome?: boolean;
  certifyExisting?: boolean;
  signingOnly?: boolean;
};

export default defineCommand<Flags, []>({
  description:
    "Makes a root key, which is your identity, and a signing key in keys/publisher.key, which the root " +
    "key certifies. Prints the identity, by which others know you. In a terminal the root key is shown " +
    "once as a recovery code to write on paper, and is not stored; elsewhere say where it goes.",
  examples: [
    "libreseed keygen",
    "libreseed keygen --root-out /media/stick/root.key",
    "libreseed keygen --certify-existing",
  ],
  settings: ["home"],
  home: "created",
  parameters: {
    flags: {
      rootOut: textFlag("FILE", "Write the root key to this new file, outside of the home"),
      rootInHome: switchFlag("Leave the root key in the home, until `key root move`"),
      certifyExisting: switchFlag("Make a root key for the key that the home has"),
      signingOnly: switchFlag("Make only a signing key, for a root key elsewhere to certify"),
    },
  },
  async run(given) {
    const { io, output, settings, flags } = given;
    const { fingerprint, formatPublicKey } = await import("../../identity/mod.ts");
    const { identityOrderOf } = await import("../../keys/mod.ts");
    const order = identityOrderOf(flags, io.cwd);
    const path = publisherKeyPath((await settings()).values.home);
    if (!order) return await makeSigningKey(given, path);
    const { identity, key } = await io.launcher.createIdentity(path, order);
    const publicKey = formatPublicKey(identity);
    output.notice(
      order.certifyExisting ? `the root key certifies ${path}` : `wrote ${path}, the signing key`,
    );
    if (order.root.to === "file") {
      output.notice(`wrote ${order.root.path}, the root key; keep it off this machine`);
    } else if (order.root.to === "home") {
      output.warning(
        "the root key lies in the home, where a thief of the signing key finds it too; move it away " +
          "with `libreseed key root move FILE`",
      );
    }
    output.detail(`fingerprint: ${fingerprint(identity)}`);
    output.result({
      publicKey,
      fingerprint: fingerprint(identity),
      path,
      signingKey: formatPublicKey(key),
      root: order.root.to === "file" ? order.root.path : order.root.to,
    }, publicKey);
  },
});

async function makeSigningKey(
  { io, output }: Pick<CommandRun<Flags, []>, "io" | "output">,
  path: string,
): Promise<void> {
  const { fingerprint, formatPublicKey } = await import("../../identity/mod.ts");
  const key = await io.launcher.createKey(path);
  const publicKey = formatPublicKey(key);
  output.notice(
    `wrote ${path}; until a root key certifies it (\`libreseed key certify ${publicKey}\`) it is an ` +
      "identity of its own, which cannot be revoked",
  );
  output.detail(`fingerprint: ${fingerprint(key)}`);
  output.result({ publicKey, fingerprint: fingerprint(key), path }, publicKey);
}
