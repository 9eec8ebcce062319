/**
 * `libreseed trust list|add|remove`: lists, adds or removes pins, which bind a package name to its
 * publisher.
 *
 * @module
 */

import { equalBytes, formatCount, toBase64 } from "../../base/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { Revocation, Trust } from "../../trust/mod.ts";
import { choiceArgument, type CommandRun, defineCommand, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { knownKeys } from "../running/known_keys.ts";
import { withState } from "../running/with_state.ts";

type Action = "list" | "add" | "remove";
type Args = [action: Action, name?: string, key?: string];
type Run = CommandRun<Record<never, never>, Args>;

export default defineCommand<Record<never, never>, Args>({
  description:
    "list [NAME] shows which publishers names are pinned to, by hand or by first use. add NAME KEY pins " +
    "a publisher by hand, also beside one that is pinned already; get the key from its publisher, not " +
    "from the network. remove NAME [KEY] removes pins. With -v each key is drawn as an image of " +
    "characters, to compare by eye.",
  examples: [
    "libreseed trust list",
    "libreseed trust add my-tool ed25519:BASE64",
  ],
  settings: ["home"],
  home: { list: "existing", add: "created", remove: "existing" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        choiceArgument(["list", "add", "remove"] as const, "What to do"),
        { ...textArgument("NAME", "Name of the package"), optional: true },
        { ...textArgument("KEY", "Publisher, ed25519:BASE64 or hex"), optional: true },
      ],
    },
  },
  async run(given) {
    const { args: [action, name, key] } = given;
    const { validateName } = await import("../../package/mod.ts");
    if (name !== undefined) validateName(name);
    await withState(given, async (state) => {
      if (action === "list") return await list(given, state, name);
      if (name === undefined) throw usage(`trust ${action} needs the NAME of a package`);
      if (action === "add") return await add(given, state, name, key);
      await remove(given, state, name, key);
    });
  },
});

function usage(message: string): CliError {
  return new CliError("usage", "BAD_ARGUMENTS", message);
}

async function list(given: Run, state: StateDatabase, name?: string): Promise<void> {
  const { output } = given;
  const trust = await knownKeys(given);
  const { fingerprint, formatPublicKey, randomart } = await import("../../identity/mod.ts");
  const { describeRevocation } = await import("../../trust/mod.ts");
  const pins = state.pins.list(name);
  if (pins.length === 0) output.notice(name ? `no publisher is pinned for ${name}` : "no pins yet");
  for (const pin of pins) {
    const publisher = formatPublicKey(pin.publicKey);
    const since = new Date(pin.firstSeenMs).toISOString();
    const revoked = revokedOf(trust, pin.publicKey);
    output.result(
      {
        name: pin.name,
        publisher,
        fingerprint: fingerprint(pin.publicKey),
        since,
        lastVersion: pin.lastVersion,
        lastPrerelease: pin.lastPrerelease,
        rangeVersion: pin.rangeVersion,
        rangePrerelease: pin.rangePrerelease,
        byHand: pin.byHand ?? false,
        ...revokedJson(revoked),
      },
      [
        pin.name,
        publisher,
        since.slice(0, 10),
        pin.lastVersion ?? pin.lastPrerelease ?? "-",
        pin.byHand ? "by hand" : "first use",
      ].join("\t"),
    );
    for (const one of revoked) output.warning(`${pin.name}: ${describeRevocation(one)}`);
    output.detail(`${fingerprint(pin.publicKey)}\n${randomart(pin.publicKey)}`);
  }
}

/** Returns the keys of a publisher that are revoked, also the publisher's own if it was an only key. */
function revokedOf(trust: Trust, publicKey: Uint8Array): Revocation[] {
  const own = trust.revocationOfKey(publicKey, publicKey);
  return [...own ? [own] : [], ...trust.identity(publicKey)?.revoked ?? []];
}

function revokedJson(revoked: readonly Revocation[]) {
  if (revoked.length === 0) return {};
  return {
    revoked: revoked.map(({ key, sinceMs, reason }) => ({
      key: `ed25519:${toBase64(key)}`,
      sinceMs,
      ...(reason !== undefined && { reason }),
    })),
  };
}

async function add(given: Run, state: StateDatabase, name: string, key?: string): Promise<void> {
  const { output, io } = given;
  if (key === undefined) throw usage("trust add needs the KEY of the publisher");
  const { fingerprint, formatPublicKey, parsePublicKey, randomart } = await import(
    "../../identity/mod.ts"
  );
  const publicKey = parsePublicKey(key);
  state.transaction(() => {
    const before = state.pins.list(name).find((pin) => equalBytes(pin.publicKey, publicKey));
    state.pins.set({ ...before, name, publicKey, firstSeenMs: io.clock.now(), byHand: true });
  });
  const publisher = formatPublicKey(publicKey);
  output.notice(`${name} may come from ${publisher} (${fingerprint(publicKey)}) from now on`);
  output.detail(randomart(publicKey));
  output.result({ name, publisher, fingerprint: fingerprint(publicKey) }, undefined);
}

async function remove(given: Run, state: StateDatabase, name: string, key?: string): Promise<void> {
  const { output } = given;
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const removed = state.pins.delete(name, key === undefined ? undefined : parsePublicKey(key));
  if (removed === 0) {
    const who = key === undefined ? "No publisher is" : `${key} is not`;
    const message = `${who} pinned for ${name}; \`libreseed trust list\` shows all pins`;
    throw new CliError("not-found", "NO_PIN", message, { detail: { unknownName: name } });
  }
  output.notice(`forgot ${formatCount(removed, "publisher")} of ${name}`);
  output.result({ name, removed }, undefined);
}
