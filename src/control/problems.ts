/**
 * The problems of a home, in words: `libreseed status`, the HTTP API and its page show the same ones. Pure
 * functions; the text may hold untrusted text, so whoever prints it to a terminal escapes it.
 *
 * @module
 */

import { formatBytes, formatCount, isoDay } from "../base/mod.ts";
import { describeReachability } from "../reachability/mod.ts";
import type { PackageJson, RecordJson, StatusJson } from "./answers.ts";
import type { DiskJson, ProblemJson } from "./detail_answers.ts";
import { NO_NODE_KNOWN } from "./no_peers.ts";
import { labelOf } from "./record_label.ts";

/** A revoked key, and what rests on it. Lists of packages have `NAME@VERSION`. */
export interface RevokedUse {
  /** The revoked key, as `ed25519:BASE64`. */
  key: string;
  /** The identity that has revoked the key, as `ed25519:BASE64`. */
  identity: string;
  /** Time since which the key is in wrong hands, Unix milliseconds, as its publisher says. */
  sinceMs: number;
  /** Reason, untrusted text. */
  reason?: string;
  /** Pinned names of the publisher. */
  pins: string[];
  /** Whether the home follows the publisher. */
  followed: boolean;
  /** Archives in the seed directory that the key has signed and that are refused now. */
  archives: string[];
  /** Installed packages of that kind. */
  installed: string[];
  /** Packages of that kind in the lock file of the working directory. */
  locked: string[];
}

/** Facts about a home in which {@linkcode problemsOf} looks for problems. */
export interface ProblemSource {
  status: StatusJson;
  /** The packages of the seed directory, or only those with a problem. */
  packages: readonly PackageJson[];
  records: readonly RecordJson[];
  /** Revoked keys on which something in this home rests. */
  revoked: readonly RevokedUse[];
  /** Space of the seed directory; absent if it was not looked at. */
  disk?: DiskJson & {
    /** Whether the setting `max-disk` has kept packages from being mirrored. */
    isFull: boolean;
  };
}

/** Free space in bytes below which a disk counts as full: writing the state may fail. */
const NO_SPACE_BYTES = 8 << 20;
/** Free space in bytes below which a disk is nearly full. */
const LITTLE_SPACE_BYTES = 256 << 20;
/** Maximum number of packages of a kind that the description of a revoked key names. */
const MAX_NAMED = 3;

/** Returns the problems of a home, errors first, and of each severity in the order of their kinds. */
export function problemsOf(source: ProblemSource): ProblemJson[] {
  const { status, packages, records, revoked, disk } = source;
  const problems = [
    ...(disk ? diskProblems(disk) : []),
    ...bindingProblems(status),
    ...dhtProblems(status),
    ...packageProblems(packages),
    ...recordProblems(records),
    ...mirrorProblems(status),
    ...revoked.map((one): ProblemJson => ({
      ...{ severity: "error", about: "key", text: describeRevokedUse(one) },
    })),
    ...gateProblems(status),
    ...reachabilityProblems(status),
    ...webhookProblems(status),
  ];
  const isError = ({ severity }: ProblemJson) => severity === "error";
  return [...problems.filter(isError), ...problems.filter((one) => !isError(one))];
}

/** Says that a key is revoked, and what rests on it, of which at most three of a kind are named. */
function describeRevokedUse(one: RevokedUse): string {
  const { key, sinceMs, reason, pins, followed, archives, installed, locked } = one;
  const date = isoDay(sinceMs);
  const why = reason === undefined ? "" : ` (${JSON.stringify(reason)})`;
  const resting = [
    ...(pins.length > 0 ? [`pinned: ${few(pins)}`] : []),
    ...(followed ? ["followed"] : []),
    ...(archives.length > 0 ? [`seeded no more: ${few(archives)}`] : []),
    ...(installed.length > 0 ? [`installed: ${few(installed)}`] : []),
    ...(locked.length > 0 ? [`in the lock file here: ${few(locked)}`] : []),
  ].join("; ");
  return `the key ${key} of ${one.identity} is revoked since ${date}${why}; ${resting}`;
}

function few(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return texts.slice(0, MAX_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function packageProblems(packages: readonly PackageJson[]): ProblemJson[] {
  return packages.filter(({ problem }) => problem !== undefined).map(
    ({ name, version, problem }) => ({
      severity: "error",
      about: "package",
      text: `${version ? `${name}@${version}` : name}: ${problem}`,
    }),
  );
}

function recordProblems(records: readonly RecordJson[]): ProblemJson[] {
  const failing = records.filter(({ error }) => error !== undefined);
  // Before its first announcement, a record is weak only because no node holds it yet.
  const weak = records.filter((one) =>
    one.weak && one.error === undefined && one.lastAttemptMs !== undefined
  );
  return [
    ...failing.map((one): ProblemJson => ({
      ...{ severity: "error", about: "record", text: `${labelOf(one)}: ${one.error}` },
    })),
    ...(weak.length === 0 ? [] : [
      {
        severity: "warning",
        about: "record",
        text: `${formatCount(weak.length, "record")} ${
          weak.length === 1 ? "is" : "are"
        } weak: fewer nodes hold each than min-nodes demands (${few(weak.map(labelOf))})`,
      } satisfies ProblemJson,
    ]),
  ];
}

function webhookProblems({ webhook }: StatusJson): ProblemJson[] {
  if (webhook?.failure === undefined) return [];
  return [{
    severity: "warning",
    about: "webhook",
    text: `messages to the webhook are not delivered: ${webhook.failure}`,
    advice: "Check the URL of `webhook`, and whether its server runs",
  }];
}

function mirrorProblems({ unmirrored = [] }: StatusJson): ProblemJson[] {
  return unmirrored.map((one) => ({
    severity: "warning",
    about: "mirror",
    text: `${one.package} is not mirrored: ${one.message}`,
  }));
}

function dhtProblems({ dht, dht6 }: StatusJson): ProblemJson[] {
  if (dht.state === "off") {
    if (dht.byChoice) return [];
    return [{
      severity: "error",
      about: "dht",
      text: `the DHT is off: ${dht.why}; nothing is announced, and no record is found`,
    }];
  }
  const isSilent = (state: typeof dht) => state.state === "on" && state.silent;
  // One family that works is enough.
  if (!isSilent(dht) || dht6?.state.state === "on" && !dht6.state.silent) return [];
  if (dht.state === "on" && dht.alone) {
    const advice = "name a node of the DHT with --bootstrap, or check the name service";
    return [{ severity: "error", about: "dht", text: NO_NODE_KNOWN, advice }];
  }
  return [{
    severity: "error",
    about: "dht",
    text: "no node of the DHT answers",
    advice: "check the connection to the internet, and that UDP is let through",
  }];
}

function bindingProblems({ binding }: StatusJson): ProblemJson[] {
  if (!binding || binding.state === "bound") return [];
  return [{
    severity: "error",
    about: "binding",
    text: `the addresses to which all sockets are bound cannot be used: ${binding.why}`,
    advice: `bring ${binding.name} up, or start the daemon with another --bind`,
  }];
}

function gateProblems({ gate }: StatusJson): ProblemJson[] {
  if (!gate) return [];
  const times = gate.deaths === 1 ? "once" : `${gate.deaths} times`;
  const text = `the gate has died ${times} (${gate.why})`;
  return gate.state === "running"
    ? [{ severity: "warning", about: "gate", text: `${text}; it runs again` }]
    : [{
      severity: "error",
      about: "gate",
      text:
        `${text}; IPv6, the local network, web seeds and the router wait until it is started again`,
    }];
}

function reachabilityProblems({ reachability }: StatusJson): ProblemJson[] {
  if (reachability.reachable !== "no") return [];
  const { what, mend } = describeReachability(reachability);
  return [{
    severity: "warning",
    about: "reachability",
    text: `peers outside cannot connect: ${what}`,
    ...(mend !== undefined && { advice: mend }),
  }];
}

function diskProblems(disk: NonNullable<ProblemSource["disk"]>): ProblemJson[] {
  const { freeBytes = Infinity, maxBytes, isFull } = disk;
  const problems: ProblemJson[] = [];
  if (freeBytes < LITTLE_SPACE_BYTES) {
    const isNone = freeBytes < NO_SPACE_BYTES;
    problems.push({
      severity: isNone ? "error" : "warning",
      about: "disk",
      text: `the disk of the seed directory is ${isNone ? "" : "nearly "}full: ${
        formatBytes(freeBytes)
      } free`,
      advice: "make room, or give another --dir",
    });
  }
  if (isFull) {
    problems.push({
      severity: "warning",
      about: "disk",
      text: `not all packages of followed publishers are mirrored: the seed directory may have ${
        formatBytes(maxBytes)
      } (max-disk)`,
      advice: "raise max-disk, or follow fewer packages",
    });
  }
  return problems;
}
