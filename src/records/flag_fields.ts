/**
 * Flags of packages as entries of the announce record: `y` yanked versions, `d` deprecated versions,
 * `g` tags.
 *
 * `y` and `d` are dictionaries of name → text → versions in byte order, since many versions often
 * have the same text. `g` is a dictionary of name → tag → version.
 *
 * @module
 */

import * as v from "valibot";
import {
  compareBytes,
  type FlagsByName,
  groupByText,
  isTag,
  MAX_FLAG_TEXT_BYTES,
  NO_FLAGS,
  type PackageFlags,
  ungroup,
  utf8,
  withoutControls,
} from "../base/mod.ts";
import type { BValue } from "../bencode/mod.ts";
import { text } from "./fields.ts";

/** Schema of a dictionary whose keys are checked by `key`. */
function dictionaryOf<const K extends v.GenericSchema<string>, const V extends v.GenericSchema>(
  key: K,
  value: V,
) {
  return v.pipe(
    v.instance(Map, "not a dictionary"),
    v.check((map) => map.size > 0, "an empty dictionary"),
    v.map(key, value),
  );
}

const name = v.pipe(v.string(), v.nonEmpty("an empty name"));
const versions = v.pipe(v.array(text, "not a list"), v.minLength(1, "an empty list"));

function textsByVersion(shortest: number) {
  const flagText = v.pipe(
    v.string(),
    v.check((text) => withoutControls(text).length >= shortest, "an empty text"),
    v.check(
      (text) => utf8(text).length <= MAX_FLAG_TEXT_BYTES,
      `a text of more than ${MAX_FLAG_TEXT_BYTES} bytes`,
    ),
  );
  return v.pipe(
    dictionaryOf(flagText, versions),
    v.rawTransform<Map<string, string[]>, ReadonlyMap<string, string>>(
      ({ dataset, addIssue, NEVER }) => {
        const texts = ungroup(dataset.value);
        if (!("problem" in texts)) return texts;
        addIssue({ message: texts.problem });
        return NEVER;
      },
    ),
  );
}

/** Schemas of the entries `y`, `d` and `g`. */
export const flagEntries = {
  y: v.optional(dictionaryOf(name, textsByVersion(0))),
  d: v.optional(dictionaryOf(name, textsByVersion(1))),
  g: v.optional(dictionaryOf(
    name,
    dictionaryOf(v.pipe(v.string(), v.check(isTag, "no tag")), text),
  )),
};

/** The entries `y`, `d` and `g` as their schemas return them. */
export interface FlagEntries {
  y?: ReadonlyMap<string, ReadonlyMap<string, string>>;
  d?: ReadonlyMap<string, ReadonlyMap<string, string>>;
  g?: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Converts decoded entries to flags; `undefined` if there are none. */
export function flagsOfEntries({ y, d, g }: FlagEntries): FlagsByName | undefined {
  const names = new Set([y, d, g].flatMap((one) => [...one?.keys() ?? []]));
  if (names.size === 0) return undefined;
  return new Map([...names].map((name): [string, PackageFlags] => [name, {
    yanked: y?.get(name) ?? NO_FLAGS.yanked,
    deprecated: d?.get(name) ?? NO_FLAGS.deprecated,
    tags: g?.get(name) ?? NO_FLAGS.tags,
  }]));
}

/** Converts flags to the entries of a record, to be bencoded. Entries without content are absent. */
export function entriesOfFlags(flags: FlagsByName = new Map()): Record<string, BValue> {
  const [y, d, g] = [new Map(), new Map(), new Map()] as Map<string, BValue>[];
  for (const [name, { yanked, deprecated, tags }] of flags) {
    if (yanked.size > 0) y!.set(name, textsOf(yanked));
    if (deprecated.size > 0) d!.set(name, textsOf(deprecated));
    if (tags.size > 0) g!.set(name, new Map<string, BValue>(tags));
  }
  return Object.fromEntries(Object.entries({ y: y!, d: d!, g: g! }).filter(([, map]) => map.size));
}

function textsOf(texts: ReadonlyMap<string, string>): BValue {
  return new Map<string, BValue>(
    [...groupByText(texts)].map(([text, versions]) => [
      text,
      versions.map((version) => utf8(version)).sort(compareBytes),
    ]),
  );
}
