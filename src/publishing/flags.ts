/**
 * Changes the flags of published versions: yanks and deprecates versions, and sets tags. The flags are
 * part of the publisher's signed list, so a change writes the announce record, and then the publisher's
 * entry in the index of the package's name, which names the newest version that is not yanked.
 *
 * A change needs the DHT. Without the newest list, a record signed now could be older than one of another
 * machine, and would be lost without a word.
 *
 * @module
 */

import semver from "semver";
import {
  type FlagsByName,
  isTag,
  MAX_FLAG_TEXT_BYTES,
  NO_FLAGS,
  type PackageFlags,
  utf8,
  withoutControls,
} from "../base/mod.ts";
import { fittingVersions, isNewest } from "../fetching/mod.ts";
import { coversName, formatPublicKey, identityOf, type Signer } from "../identity/mod.ts";
import { isValidVersion, LATEST } from "../package/mod.ts";
import { type OfferedList, writeList } from "./announce_record.ts";
import type { PublisherContext } from "./context.ts";
import { PublishingError } from "./errors.ts";
import { updateNameIndex } from "./name_index_entry.ts";
import { putPublisherRecordOnce } from "./publisher_record.ts";

/** Maximum number of versions in an error message. */
const MAX_NAMED = 10;

/**
 * A change of the flags of one package, given its flags and listed versions (the highest first).
 *
 * @param isElsewhere whether a version has a flag by another key of the identity, which decides about it
 * because this home's key does not list the version
 */
export type FlagChange = (
  flags: PackageFlags,
  versions: readonly string[],
  isElsewhere: (kind: "yanked" | "deprecated", version: string) => boolean,
) => PackageFlags;

/** The offers of a package by the other keys of a publisher's identity. */
export interface OtherKeys {
  versions?: readonly string[];
  flags: PackageFlags;
}

/** The flags of a package after a change, and the versions whose flags have changed. */
export interface ChangedFlags {
  flags: PackageFlags;
  /** Versions whose yanked or deprecated state or text has changed, or that have another tag. */
  changed: string[];
  /** Number of DHT nodes that hold the publisher's list. */
  holding: number;
}

/**
 * Changes the flags of one of the publisher's own packages.
 *
 * @param nowMs Unix time in milliseconds
 * @param others what the other keys of the identity offer of the package
 * @throws {PublishingError} `NOT_LISTED` (kind `not-found`) if the publisher lists no such package;
 * `DHT_UNREACHABLE`, `LIST_UNKNOWN` (kind `network`); `RECORD_SUPERSEDED`, `RECORD_CONFLICT`,
 * `KEY_NOT_CERTIFIED`, `KEY_WITHDRAWN` (kind `failed`); what `change` throws
 */
export async function changeFlags(
  context: PublisherContext,
  keys: Signer,
  name: string,
  change: FlagChange,
  nowMs: number,
  others: OtherKeys = { flags: NO_FLAGS },
): Promise<ChangedFlags> {
  const publisher = formatPublicKey(identityOf(keys));
  if (keys.certificate && !coversName(keys.certificate, name)) {
    throw new PublishingError(
      "failed",
      "KEY_NOT_CERTIFIED",
      `The certificate of this home's signing key does not cover the name ${name}, so readers ignore ` +
        "flags that it signs for it",
      { detail: { name } },
    );
  }
  await putPublisherRecordOnce(context, keys);
  let before = NO_FLAGS;
  let versions: string[] = [];
  const flags = (all: FlagsByName, list: OfferedList): FlagsByName => {
    const own = list.versionsOf(name);
    versions = semver.rsort(
      [...new Set([...own, ...others.versions ?? []])].filter(isValidVersion),
    );
    before = all.get(name) ?? NO_FLAGS;
    if (versions.length === 0) {
      throw new PublishingError(
        "not-found",
        "NOT_LISTED",
        `This home's publisher ${publisher} lists no package named ${name}`,
        { detail: { name, unknownName: name } },
      );
    }
    const after = change(
      before,
      versions,
      (kind, version) => others.flags[kind].has(version) && !own.includes(version),
    );
    return new Map([...all, [name, after]]);
  };
  const written = await writeList(context, keys, [], nowMs, { flags }, true);
  if (!written) {
    throw new PublishingError(
      "network",
      "LIST_UNKNOWN",
      `The catalog of ${publisher} could not be read. Nothing was changed: try again later`,
    );
  }
  const { outcome } = written;
  if (outcome?.superseded || outcome?.conflict) {
    throw new PublishingError(
      "failed",
      outcome.conflict ? "RECORD_CONFLICT" : "RECORD_SUPERSEDED",
      "Another machine of this publisher wrote its list at the same moment, and that list stays. Try again",
    );
  }
  const after = written.flags.get(name) ?? NO_FLAGS;
  const offered = versions.filter((version) => !after.yanked.has(version));
  // If all versions are yanked, the entry stays: the name is the publisher's all the same.
  if (offered.length > 0) await updateNameIndex(context, keys, { name, version: offered[0]! });
  if ((outcome?.holding ?? 0) === 0) {
    throw new PublishingError(
      "network",
      "DHT_UNREACHABLE",
      "No DHT node took the changed list of this publisher. It is kept: `libreseed announce` tries again",
    );
  }
  return { flags: after, changed: differing(before, after), holding: outcome!.holding };
}

function differing(before: PackageFlags, after: PackageFlags): string[] {
  const changed = new Set<string>();
  for (const kind of ["yanked", "deprecated"] as const) {
    for (const version of [...before[kind].keys(), ...after[kind].keys()]) {
      if (before[kind].get(version) !== after[kind].get(version)) changed.add(version);
    }
  }
  for (const tag of [...before.tags.keys(), ...after.tags.keys()]) {
    const [was, is] = [before.tags.get(tag), after.tags.get(tag)];
    if (was !== is) { for (const one of [was, is]) if (one !== undefined) changed.add(one); }
  }
  return semver.rsort([...changed]);
}

/**
 * Yanks the versions that a range selects.
 *
 * @param reason shown to whoever takes a version all the same; if absent, a version that is yanked already
 * keeps its reason
 */
export function yanking(name: string, range: string, reason?: string): FlagChange {
  const text = reason === undefined ? undefined : flagText("reason", reason);
  return (flags, versions) => {
    const yanked = new Map(flags.yanked);
    for (const version of selected(name, range, versions, flags)) {
      yanked.set(version, text ?? yanked.get(version) ?? "");
    }
    return { ...flags, yanked };
  };
}

/** Takes back that versions are yanked. */
export function unyanking(name: string, range: string): FlagChange {
  return (flags, versions, isElsewhere) => {
    const yanked = new Map(flags.yanked);
    for (const version of selected(name, range, versions, flags)) {
      if (isElsewhere("yanked", version)) throw flaggedElsewhere(name, version, "yanked");
      yanked.delete(version);
    }
    return { ...flags, yanked };
  };
}

/** Deprecates the versions that a range selects; an empty message takes that back. */
export function deprecating(name: string, range: string, message: string): FlagChange {
  const text = flagText("message", message);
  return (flags, versions, isElsewhere) => {
    const deprecated = new Map(flags.deprecated);
    for (const version of selected(name, range, versions, flags)) {
      if (text !== "") deprecated.set(version, text);
      else if (isElsewhere("deprecated", version)) {
        throw flaggedElsewhere(name, version, "deprecated");
      } else deprecated.delete(version);
    }
    return { ...flags, deprecated };
  };
}

/** Sets a tag of one version. */
export function settingTag(name: string, version: string, tag: string): FlagChange {
  checkTag(tag);
  return (flags, versions) => {
    selected(name, version, versions, flags);
    if (flags.yanked.has(version)) {
      throw new PublishingError(
        "failed",
        "VERSION_YANKED",
        `${name}@${version} is yanked, and a tag does not lead to a yanked version. ` +
          `\`libreseed yank --undo ${name}@${version}\` takes that back`,
        { detail: { name, version } },
      );
    }
    return { ...flags, tags: new Map([...flags.tags, [tag, version]]) };
  };
}

/** Removes a tag. */
export function removingTag(name: string, tag: string): FlagChange {
  checkTag(tag);
  return (flags) => {
    const tags = new Map(flags.tags);
    if (tags.delete(tag)) return { ...flags, tags };
    throw new PublishingError(
      "not-found",
      "TAG_NOT_FOUND",
      tag === LATEST
        ? `${LATEST} of ${name} is not set; it is the highest stable version`
        : `${name} has no tag ${tag}; \`libreseed tag ${name}\` lists its tags`,
      { detail: { name, tag } },
    );
  };
}

/** Returns the flags of a list in which published packages get a tag. */
export function tagging(
  published: readonly { name: string; version: string }[],
  tag: string,
): (flags: FlagsByName) => FlagsByName {
  checkTag(tag);
  return (all) => {
    const tagged = new Map(all);
    for (const { name, version } of published) {
      const flags = tagged.get(name) ?? NO_FLAGS;
      tagged.set(name, { ...flags, tags: new Map([...flags.tags, [tag, version]]) });
    }
    return tagged;
  };
}

function flaggedElsewhere(name: string, version: string, state: string): PublishingError {
  return new PublishingError(
    "failed",
    "FLAGGED_ELSEWHERE",
    `${name}@${version} is ${state} by another signing key of this identity, and this home's key does not ` +
      "list the version. Take it back where that key is, or publish the same archive here first",
    { detail: { name, version } },
  );
}

/**
 * Checks a tag.
 *
 * @throws {PublishingError} `TAG_INVALID` (kind `usage`)
 */
export function checkTag(tag: string): void {
  if (isTag(tag)) return;
  throw new PublishingError(
    "usage",
    "TAG_INVALID",
    `${
      JSON.stringify(tag.slice(0, 80))
    } is no tag. Use 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning ` +
      "with a letter; a text that looks like a version or a range (v1, x) is none",
    { detail: { tag: tag.slice(0, 80) } },
  );
}

/**
 * Returns the listed versions that a range selects, prereleases and yanked ones included, or the version
 * that a tag names.
 *
 * @param versions the listed versions, the highest first
 */
function selected(
  name: string,
  range: string,
  versions: readonly string[],
  flags: PackageFlags,
): string[] {
  const tagged = flags.tags.get(range);
  const found = tagged !== undefined
    ? [tagged]
    : isTag(range)
    ? range === LATEST ? fittingVersions({ versions, flags }, range).slice(0, 1) : []
    : versions.filter((one) =>
      isNewest(range) || semver.satisfies(one, range, { includePrerelease: true })
    );
  if (found.length > 0) return found;
  const listed = versions.slice(0, MAX_NAMED).join(", ") +
    (versions.length > MAX_NAMED ? ` and ${versions.length - MAX_NAMED} more` : "");
  throw new PublishingError(
    "not-found",
    "NOT_LISTED",
    `The list of this publisher has no version of ${name} for ${range}; it has ${listed}`,
    { detail: { name, range, versions: versions.slice(0, MAX_NAMED) } },
  );
}

/**
 * Checks and trims a reason or a message.
 *
 * @throws {PublishingError} `FLAG_TEXT_INVALID` (kind `usage`)
 */
function flagText(what: string, given: string): string {
  const text = given.trim();
  const { length } = utf8(text);
  const problem = length > MAX_FLAG_TEXT_BYTES
    ? `has ${length} bytes, more than ${MAX_FLAG_TEXT_BYTES}: shorten it`
    : !text.isWellFormed() || withoutControls(text) !== text
    ? "has control characters or line breaks in it: leave them out"
    : undefined;
  if (problem === undefined) return text;
  throw new PublishingError("usage", "FLAG_TEXT_INVALID", `The ${what} ${problem}`);
}
