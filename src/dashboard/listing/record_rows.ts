/**
 * Rows of the list of records, and its errors grouped by their message.
 *
 * @module
 */

import type { RecordJson, RecordName } from "../../control/mod.ts";
import { type Searchable, searchTextOf } from "./filter.ts";
import { type Compare, compareValues } from "./sort.ts";

/** A row of the list of records. */
export interface RecordRow extends Searchable {
  readonly id: string;
  readonly record: RecordJson;
  /** Package or publisher of the record, as text; the kind's name if there is none. */
  readonly label: string;
  /** Urgency: 0 failed, 1 weak, 2 not announced yet, 3 all is well. */
  readonly urgency: number;
}

const kinds: Record<RecordName["kind"], string> = {
  manifest: "Manifest record",
  announce: "List of packages",
  publisher: "Publisher record",
  "name-index": "Name index",
  other: "Other record",
  torrent: "Torrent",
};

/** Names the kind of a record. */
export function kindWords(kind: RecordName["kind"]): string {
  return Object.hasOwn(kinds, kind) ? kinds[kind] : kinds.other;
}

/** Makes the row of a record. */
export function recordRowOf(record: RecordJson): RecordRow {
  const { kind, name, version, publisher, target, error } = record;
  const label = name === undefined
    ? publisher ?? (record.own ? "own key" : kindWords(kind))
    : version === undefined
    ? name
    : `${name}@${version}`;
  return {
    id: `${kind} ${target}`,
    record,
    label,
    urgency: urgencyOf(record),
    searchText: searchTextOf(label, kindWords(kind), publisher, target, error),
  };
}

function urgencyOf({ error, failures, weak, lastAttemptMs }: RecordJson): number {
  if (error !== undefined || failures > 0) return 0;
  if (lastAttemptMs === undefined) return 2;
  return weak ? 1 : 3;
}

/** Returns the comparison of a column: `record`, `holders` (the weakest first) or `due`. */
export function compareRecordsBy(
  { column, descending }: { column: string; descending: boolean },
): Compare<RecordRow> {
  if (column === "record") {
    return (a, b) => compareValues(a.label, b.label, descending) || compareValues(a.id, b.id);
  }
  if (column === "due") {
    return (a, b) =>
      compareValues(a.record.nextDueMs, b.record.nextDueMs, descending) ||
      compareValues(a.label, b.label);
  }
  return (a, b) =>
    compareValues(a.urgency, b.urgency, descending) ||
    compareValues(a.record.holding, b.record.holding, descending) ||
    compareValues(a.label, b.label);
}

/** Records that failed with the same message. */
export interface ErrorGroup {
  message: string;
  count: number;
  /** Label of one of the records. */
  example: string;
}

/** Groups failed records by message, the most frequent first. */
export function errorGroupsOf(rows: readonly RecordRow[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const { record: { error }, label } of rows) {
    if (error === undefined) continue;
    const group = groups.get(error);
    if (group === undefined) groups.set(error, { message: error, count: 1, example: label });
    else group.count++;
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
