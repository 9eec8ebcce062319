/**
 * Rows of the list of names: what the list searches and sorts by, worked out once for each name.
 *
 * @module
 */

import type { NameJson } from "../../control/mod.ts";
import { type Searchable, searchTextOf } from "./filter.ts";
import { type Compare, compareValues } from "./sort.ts";
import { versionKeyOf } from "./version_key.ts";

/** A row of the list of names. */
export interface NameRow extends Searchable {
  /** Name and publisher; a name may have several publishers. */
  readonly id: string;
  readonly entry: NameJson;
  /** Whether another publisher is accepted for the same name. */
  readonly isShared: boolean;
}

/**
 * Makes the row of a name.
 *
 * @param isShared whether another publisher is accepted for the same name
 */
export function nameRowOf(entry: NameJson, isShared = false): NameRow {
  const { name, publisher } = entry;
  return {
    id: `${name} ${publisher}`,
    entry,
    isShared,
    searchText: searchTextOf(name, publisher),
  };
}

/** Values by which each column sorts. */
const values: Record<string, (entry: NameJson) => string | number | undefined> = {
  name: ({ name }) => name,
  publisher: ({ publisher }) => publisher,
  version: ({ version }) => version === undefined ? undefined : versionKeyOf(version),
  accepted: ({ byHand }) => byHand ? 0 : 1,
  since: ({ sinceMs }) => sinceMs,
};

/** Returns the comparison of a column; equal rows follow by name, then the first use. */
export function compareNamesBy(
  { column, descending }: { column: string; descending: boolean },
): Compare<NameRow> {
  const valueOf = values[column] ?? values.name!;
  return ({ entry: a }, { entry: b }) =>
    compareValues(valueOf(a), valueOf(b), descending) ||
    compareValues(a.name, b.name) ||
    compareValues(a.sinceMs, b.sinceMs);
}
