/**
 * The page of the names: which publisher this home accepts for each name.
 *
 * @module
 */

import type { NameJson } from "../../control/mod.ts";
import { type Api, useData } from "../data/mod.ts";
import {
  compareNamesBy,
  eachInSlices,
  type NameRow,
  nameRowOf,
  parseArray,
  Slices,
} from "../listing/mod.ts";
import { Card, formatDate, Mark, type PageProps, shortenKey, Waiting } from "../parts/mod.ts";
import {
  browserSlices,
  FilteredTable,
  Foreign,
  useListState,
  useRows,
  type VirtualColumn,
} from "../widgets/mod.ts";

/** Pause before the names are read again (ms), besides after each change of packages. */
const PAUSE_MS = 60_000;

const columns: readonly VirtualColumn<NameRow>[] = [
  {
    name: "name",
    title: "Name",
    sortable: true,
    cell: ({ entry: { name } }) => <Foreign text={name} />,
  },
  {
    name: "version",
    title: "Version",
    sortable: true,
    cell: ({ entry: { version } }) => version === undefined ? "–" : <Foreign text={version} />,
  },
  {
    name: "publisher",
    title: "Publisher",
    sortable: true,
    cell: ({ entry: { publisher } }) => (
      <span title={publisher}>{shortenKey(publisher).replace("ed25519:", "")}</span>
    ),
  },
  {
    name: "since",
    title: "First used",
    sortable: true,
    cell: ({ entry: { sinceMs } }) => (
      <time dateTime={new Date(sinceMs).toISOString()}>{formatDate(sinceMs)}</time>
    ),
  },
  { name: "accepted", title: "Accepted", sortable: true, cell: (row) => <Accepted row={row} /> },
];

function Accepted({ row: { entry: { byHand }, isShared } }: { row: NameRow }) {
  if (isShared) return <Mark tone="warn">several publishers</Mark>;
  return byHand ? <Mark tone="good">by hand</Mark> : <Mark>at the first use</Mark>;
}

/** Reads the names in slices. */
async function readRows(api: Api, signal: AbortSignal): Promise<readonly NameRow[]> {
  const slices = new Slices(browserSlices, signal);
  const names = await parseArray<NameJson>(api.parts("names", signal), slices);
  const publishers = new Map<string, number>();
  for (const { name } of names) publishers.set(name, (publishers.get(name) ?? 0) + 1);
  const rows: NameRow[] = [];
  await eachInSlices(
    names,
    slices,
    (entry) => rows.push(nameRowOf(entry, publishers.get(entry.name)! > 1)),
  );
  return rows;
}

/** The page of the names. */
export function NamesPage({ api, params }: PageProps) {
  const list = useListState(params, { column: "name", descending: false });
  const { typed, order } = list;
  const { value: rows, problem } = useData((signal) => readRows(api, signal), "", {
    on: ["packages"],
    everyMs: PAUSE_MS,
  });
  const shown = useRows({ rows, typed, order, compareBy: compareNamesBy });
  if (rows === undefined || shown === undefined) return <Waiting problem={problem} />;
  if (rows.length === 0) {
    return (
      <p class="empty">
        No name is known yet: a name gets its publisher at the first <code>libreseed get NAME</code>
        , or by <code>libreseed trust add NAME KEY</code>.
      </p>
    );
  }
  return (
    <Card title="Whose package a name is">
      <p>
        This home accepts packages of a name from its publisher only. <code>libreseed trust</code>
        {" "}
        changes the publisher.
      </p>
      <FilteredTable
        list={list}
        noun="name"
        hint="name or key"
        total={rows.length}
        caption="Names"
        class="names"
        columns={columns}
        rows={shown}
        keyOf={({ id }) => id}
      />
    </Card>
  );
}
