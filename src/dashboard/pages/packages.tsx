/**
 * The page of all packages: ten thousand rows with a filter.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import type { PackageJson } from "../../control/mod.ts";
import { type Api, useData } from "../data/mod.ts";
import {
  comparePackagesBy,
  eachInSlices,
  type PackageRow,
  packageRowOf,
  parseArray,
  Slices,
  visibleText,
} from "../listing/mod.ts";
import {
  Card,
  formatBytes,
  formatNumber,
  Mark,
  type PageProps,
  shortenKey,
  Waiting,
} from "../parts/mod.ts";
import {
  browserSlices,
  FilteredTable,
  Foreign,
  useListState,
  useRows,
  type VirtualColumn,
} from "../widgets/mod.ts";
import { addressOf } from "./addresses.ts";

/** Pause before numbers of peers and bytes are read again (ms). Long lists take longer to read. */
const pauseMsOf = (rows: number) => rows < 500 ? 5_000 : 60_000;

const columns: readonly VirtualColumn<PackageRow>[] = [
  {
    name: "name",
    title: "Name",
    sortable: true,
    // An archive that cannot be read has no publisher, and nothing to show on a page of its own.
    cell: ({ package: { name, version, publisher } }) =>
      publisher === undefined
        ? <Foreign text={name} />
        : (
          <a href={addressOf({ name, version, publisher })}>
            <Foreign text={name} />
          </a>
        ),
  },
  {
    name: "version",
    title: "Version",
    sortable: true,
    cell: ({ package: { version } }) => <Foreign text={version} />,
  },
  {
    name: "publisher",
    title: "Publisher",
    sortable: true,
    cell: ({ package: { publisher } }) =>
      publisher === undefined
        ? "–"
        : <span title={publisher}>{shortenKey(publisher).replace("ed25519:", "")}</span>,
  },
  {
    name: "size",
    title: "Size",
    number: true,
    sortable: true,
    cell: ({ package: { lengthBytes } }) => formatBytes(lengthBytes),
  },
  {
    name: "peers",
    title: "Peers",
    number: true,
    sortable: true,
    cell: ({ package: { peers } }) => peers === undefined ? "–" : formatNumber(peers),
  },
  {
    name: "uploaded",
    title: "Uploaded",
    number: true,
    sortable: true,
    cell: ({ package: { uploadedBytes } }) =>
      uploadedBytes === undefined ? "–" : formatBytes(uploadedBytes),
  },
  { name: "state", title: "State", sortable: true, cell: (row) => <State row={row} /> },
];

function State({ row: { package: { problem }, state } }: { row: PackageRow }) {
  if (problem !== undefined) {
    return <span class="problem" title={visibleText(problem)}>{visibleText(problem)}</span>;
  }
  if (state === "seeding") return <Mark tone="good">seeding</Mark>;
  return state === "not findable"
    ? <Mark tone="warn">not findable</Mark>
    : <Mark tone="plain">not seeding</Mark>;
}

/** Reads the packages in slices, so that the page stays quick meanwhile. */
async function readRows(api: Api, signal: AbortSignal): Promise<readonly PackageRow[]> {
  const slices = new Slices(browserSlices, signal);
  const packages = await parseArray<PackageJson>(api.parts("packages", signal), slices);
  const rows: PackageRow[] = [];
  await eachInSlices(packages, slices, (entry) => rows.push(packageRowOf(entry)));
  return rows;
}

/** The page of all packages. */
export function PackagesPage({ api, params }: PageProps) {
  const list = useListState(params, { column: "name", descending: false });
  const { typed, order } = list;
  const [pauseMs, setPause] = useState(pauseMsOf(0));
  const { value: rows, problem } = useData((signal) => readRows(api, signal), "", {
    on: ["packages"],
    everyMs: pauseMs,
  });
  useEffect(() => setPause(pauseMsOf(rows?.length ?? 0)), [rows]);
  const shown = useRows({ rows, typed, order, compareBy: comparePackagesBy });
  if (rows === undefined || shown === undefined) return <Waiting problem={problem} />;
  if (rows.length === 0) {
    return (
      <p class="empty">
        No package yet: publish one with <code>libreseed publish</code>, or{" "}
        <a href="#/publishers">follow a publisher</a> whose packages this daemon shall seed.
      </p>
    );
  }
  return (
    <Card title="Packages in the seed directory">
      <FilteredTable
        list={list}
        noun="package"
        hint="name, version, key or problem"
        total={rows.length}
        caption="Packages"
        class="packages"
        columns={columns}
        rows={shown}
        keyOf={({ id }) => id}
      />
    </Card>
  );
}
