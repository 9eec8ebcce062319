/**
 * The orders to change a publisher's keys, as a command line gives them. The launcher reads the order
 * from the command line itself, and carries out no other: the command's thread, which reads records
 * of strangers, cannot have another key certified.
 *
 * @module
 */

import { LibreseedError, resolvePath, utf8 } from "../base/mod.ts";
import { parseDuration } from "../config/mod.ts";
import { areNamePatterns, formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import { MAX_REASON_BYTES } from "../records/mod.ts";
import { KeysError } from "./errors.ts";

/** The place of an existing root key. */
export type RootSource =
  /** In the home, as `keygen --root-in-home` leaves it. */
  | { from: "home" }
  /** In a file, PKCS #8 in PEM, at an absolute path. */
  | { from: "file"; path: string }
  /** On standard input, as a recovery code. */
  | { from: "stdin" }
  /** In the SSH agent: `SHA256:…` or `ed25519:…`. */
  | { from: "agent"; key: string };

/** A change of the keys that sign for a publisher. Keys are texts: `ed25519:` and base64. */
export type KeyOrder =
  & { root: RootSource }
  & (
    | {
      do: "certify";
      key: string;
      /** Patterns of names, sorted; absent for all names. */
      names?: string[];
      /** How long the certificate is valid (ms); absent for no end. */
      forMs?: number;
    }
    | { do: "rotate" }
    | {
      do: "revoke";
      /** The key to revoke; absent for the home's own. */
      key?: string;
      reason: string;
      /** Time since which the key is in wrong hands, Unix milliseconds; absent for now. */
      sinceMs?: number;
      /** Whether the user need not be asked. */
      yes?: true;
    }
  );

/** A change of key files that leaves the keys as they are. Paths are absolute. */
export type KeyFileOrder =
  | { do: "encrypt" | "decrypt" }
  | { do: "move root" | "backup" | "restore"; path: string };

/** The place of a new identity's root key. */
export type RootPlace = { to: "terminal" } | { to: "home" } | { to: "file"; path: string };

/** The order to make an identity. */
export interface IdentityOrder {
  root: RootPlace;
  /** Whether the home has a key already, which the new root certifies. */
  certifyExisting: boolean;
}

/** The flags of a command line, by their names in camel case. */
type Flags = Readonly<Record<string, unknown>>;

const AGENT_PREFIX = "ssh-agent:";

/**
 * Reads the order in the command line of `key certify`, `key rotate` or `key revoke`.
 *
 * @param args the positional arguments, the action first
 * @param cwd working directory, absolute path
 * @returns `undefined` for another action
 * @throws {LibreseedError} of kind usage, naming the wrong part
 */
export function keyOrderOf(
  args: readonly string[],
  flags: Flags,
  cwd: string,
): KeyOrder | undefined {
  const [action, subject] = args;
  const root = rootSourceOf(flags.root, cwd);
  switch (action) {
    case "certify": {
      if (subject === undefined) throw usage("Name the public key to certify: ed25519:…");
      const names = flags.names === undefined ? undefined : namesOf(String(flags.names));
      const forMs = flags.until === undefined ? undefined : durationOf(String(flags.until));
      return {
        do: "certify",
        root,
        key: formatPublicKey(parsePublicKey(subject)),
        ...(names && { names }),
        ...(forMs !== undefined && { forMs }),
      };
    }
    case "rotate":
      if (subject !== undefined) {
        throw usage("key rotate takes no key: it replaces this home's own");
      }
      return { do: "rotate", root };
    case "revoke": {
      if ((subject !== undefined) === (flags.current === true)) {
        throw usage("Name the key to revoke, or give --current for this home's own key");
      }
      return {
        do: "revoke",
        root,
        ...(subject !== undefined && { key: formatPublicKey(parsePublicKey(subject)) }),
        reason: reasonOf(flags.reason),
        ...(flags.since !== undefined && { sinceMs: timeOf(String(flags.since)) }),
        ...(flags.yes === true && { yes: true as const }),
      };
    }
  }
}

/**
 * Reads the order in the command line of `key encrypt`, `decrypt`, `root move`, `backup` or `restore`.
 *
 * @returns `undefined` for another action
 * @throws {KeysError} of kind usage
 */
export function keyFileOrderOf(args: readonly string[], cwd: string): KeyFileOrder | undefined {
  const [action, subject, file] = args;
  switch (action) {
    case "encrypt":
    case "decrypt":
      if (subject !== undefined) throw usage(`key ${action} takes no argument`);
      return { do: action };
    case "backup":
    case "restore":
      if (subject === undefined || file !== undefined) throw usage(`Write key ${action} FILE`);
      return { do: action, path: resolvePath(cwd, subject) };
    case "root":
      if (subject !== "move" || file === undefined) throw usage("Write key root move FILE");
      return { do: "move root", path: resolvePath(cwd, file) };
  }
}

/**
 * Reads the order in the command line of `keygen`; `undefined` with `--signing-only`, which makes no
 * root.
 *
 * @throws {KeysError} of kind usage
 */
export function identityOrderOf(flags: Flags, cwd: string): IdentityOrder | undefined {
  const { rootOut, rootInHome, certifyExisting, signingOnly } = flags;
  const given = [rootOut !== undefined, rootInHome === true, signingOnly === true];
  if (given.filter(Boolean).length > 1) {
    throw usage("Only one of --root-out, --root-in-home and --signing-only can be given");
  }
  if (signingOnly === true) {
    if (certifyExisting) {
      throw usage("--certify-existing makes a root, and --signing-only makes none");
    }
    return undefined;
  }
  return {
    root: rootOut !== undefined
      ? { to: "file", path: resolvePath(cwd, String(rootOut)) }
      : rootInHome === true
      ? { to: "home" }
      : { to: "terminal" },
    certifyExisting: certifyExisting === true,
  };
}

/** Reads the value of `--root`. */
function rootSourceOf(value: unknown, cwd: string): RootSource {
  if (value === undefined) return { from: "home" };
  const text = String(value);
  if (text === "-") return { from: "stdin" };
  const key = agentKeyOf(text);
  return key === undefined
    ? { from: "file", path: resolvePath(cwd, text) }
    : { from: "agent", key };
}

/** Returns the key in `ssh-agent:KEY`; `undefined` for another text. */
function agentKeyOf(text: string): string | undefined {
  return text.startsWith(AGENT_PREFIX) ? text.slice(AGENT_PREFIX.length) : undefined;
}

function namesOf(text: string): string[] {
  const names = [...new Set(text.split(",").map((one) => one.trim()))].sort();
  if (areNamePatterns(names)) return names;
  throw usage(
    `--names ${
      JSON.stringify(text)
    } is not a list of package names. Write at most 8, with commas ` +
      "between them; * stands for any characters: 'my-tool,@me/*'",
  );
}

function durationOf(text: string): number {
  try {
    const forMs = parseDuration(text);
    if (forMs > 0) return forMs;
  } catch (cause) {
    if (!(cause instanceof LibreseedError)) throw cause;
  }
  throw usage(`--until ${JSON.stringify(text)} is not a time from now, such as 90d or 12h`);
}

function reasonOf(value: unknown): string {
  if (value === undefined) throw usage("Say why with --reason, for example --reason stolen");
  const reason = String(value);
  // deno-lint-ignore no-control-regex -- a reason is printed on terminals
  if (/[\x00-\x1f\x7f]/.test(reason) || utf8(reason).length > MAX_REASON_BYTES) {
    throw usage(`A reason has at most ${MAX_REASON_BYTES} bytes, in one line`);
  }
  return reason;
}

function timeOf(text: string): number {
  const match = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.exec(text);
  const ms = match ? Date.parse(text) : NaN;
  if (ms >= 0) return ms;
  throw usage(
    `--since ${
      JSON.stringify(text)
    } is not a time. Write a day or a time with its zone: 2026-11-29 or ` +
      "2026-11-29T12:00Z",
  );
}

function usage(message: string): KeysError {
  return new KeysError("usage", "BAD_ARGUMENTS", message);
}
