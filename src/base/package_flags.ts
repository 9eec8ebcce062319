/**
 * Flags that a publisher attaches to the versions of a package after publication: yanked versions,
 * deprecated versions, and tags. They are part of the publisher's signed list. `src/records` and
 * `src/package` encode them.
 *
 * @module
 */

/** Maximum length of a reason or a message, bytes of UTF-8. */
export const MAX_FLAG_TEXT_BYTES = 256;

/** The flags of one package. */
export interface PackageFlags {
  /** Reasons of yanked versions, by version; empty if the publisher gave no reason. */
  readonly yanked: ReadonlyMap<string, string>;
  /** Messages of deprecated versions, by version; never empty. */
  readonly deprecated: ReadonlyMap<string, string>;
  /** Versions by tag. See {@linkcode isTag}. */
  readonly tags: ReadonlyMap<string, string>;
}

/** The flags of a publisher's packages, by package name. */
export type FlagsByName = ReadonlyMap<string, PackageFlags>;

/** The flags of a package that has none. */
export const NO_FLAGS: PackageFlags = {
  yanked: new Map(),
  deprecated: new Map(),
  tags: new Map(),
};

/** Whether a package has at least one flag. */
export function hasFlags({ yanked, deprecated, tags }: PackageFlags): boolean {
  return yanked.size + deprecated.size + tags.size > 0;
}

/** A form that no version and no semver range has, in the meaning of npm:semver. */
const TAG = /^(?!v*(?:[0-9]|x(?:\.|$)))[a-z][a-z0-9._-]{0,63}$/;

/**
 * Whether a text is a tag: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter. A text that looks
 * like a version or a range is no tag: `v1`, `x`, `x.2`.
 */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * The part of flags that has texts: the versions by text, sorted. Many versions often have the same
 * text, and a record has little room.
 */
export type VersionsByText = Map<string, string[]>;

/** Groups versions by their text. The versions of a text are in the order of their bytes. */
export function groupByText(texts: ReadonlyMap<string, string>): VersionsByText {
  const groups: VersionsByText = new Map();
  for (const [version, text] of [...texts].sort(([a], [b]) => a < b ? -1 : 1)) {
    const group = groups.get(text);
    if (group) group.push(version);
    else groups.set(text, [version]);
  }
  return groups;
}

/**
 * The inverse of {@linkcode groupByText}. In the texts, which come from strangers, each character
 * that a terminal would interpret becomes a space.
 *
 * @returns the text by version, or a problem if a version is in two groups
 */
export function ungroup(
  groups: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, string> | { problem: string } {
  const texts = new Map<string, string>();
  for (const [text, versions] of groups) {
    for (const version of versions) {
      if (texts.has(version)) return { problem: "a version with two texts" };
      texts.set(version, withoutControls(text));
    }
  }
  return texts;
}

const CONTROLS =
  /[\p{Cc}\p{Zl}\p{Zp}\u{200e}\u{200f}\u{061c}\u{202a}-\u{202e}\u{2066}-\u{2069}]+/gu;

/**
 * Replaces control characters, line breaks and bidirectional controls with spaces. Trims the result.
 */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, " ").trim();
}
