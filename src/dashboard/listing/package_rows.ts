/**
 * Rows of the list of packages: what the list searches and sorts by, worked out once for each package.
 *
 * @module
 */

import type { PackageJson } from "../../control/mod.ts";
import { type Searchable, searchTextOf } from "./filter.ts";
import { type Compare, compareValues } from "./sort.ts";
import { versionKeyOf } from "./version_key.ts";

/** State of a package; the first ones are the first to be looked after. */
const packageStates = ["problem", "not seeding", "not findable", "seeding"] as const;

/** One of {@linkcode packageStates}. */
export type PackageState = typeof packageStates[number];

/** A row of the list of packages. */
export interface PackageRow extends Searchable {
  /** Path of the archive, which no other package has. */
  readonly id: string;
  readonly package: PackageJson;
  readonly versionKey: string;
  readonly state: PackageState;
}

/** Makes the row of a package. */
export function packageRowOf(entry: PackageJson): PackageRow {
  const { name, version, path, publisher, problem } = entry;
  return {
    id: path,
    package: entry,
    searchText: searchTextOf(`${name}@${version}`, publisher, problem),
    versionKey: versionKeyOf(version),
    state: stateOf(entry),
  };
}

function stateOf({ problem, seeding, findable }: PackageJson): PackageState {
  if (problem !== undefined) return "problem";
  if (!seeding) return "not seeding";
  return findable === false ? "not findable" : "seeding";
}

/** Values by which each column sorts. */
const values: Record<string, (row: PackageRow) => string | number | undefined> = {
  name: (row) => row.package.name,
  version: (row) => row.versionKey,
  publisher: (row) => row.package.publisher,
  size: (row) => row.package.lengthBytes,
  peers: (row) => row.package.peers,
  uploaded: (row) => row.package.uploadedBytes,
  state: (row) => packageStates.indexOf(row.state),
};

/** Returns the comparison of a column; equal rows follow by name, then the newest version first. */
export function comparePackagesBy(
  { column, descending }: { column: string; descending: boolean },
): Compare<PackageRow> {
  const valueOf = values[column] ?? values.name!;
  return (a, b) =>
    compareValues(valueOf(a), valueOf(b), descending) ||
    compareValues(a.package.name, b.package.name) ||
    compareValues(a.versionKey, b.versionKey, true);
}
