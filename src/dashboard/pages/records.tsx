/**
 * The page of the records: who holds each, the weakest first.
 *
 * @module
 */

import { useMemo } from "preact/hooks";
import type { RecordJson } from "../../control/mod.ts";
import { type Api, useData } from "../data/mod.ts";
import {
  compareRecordsBy,
  eachInSlices,
  errorGroupsOf,
  kindWords,
  parseArray,
  type RecordRow,
  recordRowOf,
  Slices,
  visibleText,
} from "../listing/mod.ts";
import { Card, formatCount, Mark, type PageProps, Waiting } from "../parts/mod.ts";
import {
  browserSlices,
  Due,
  FilteredTable,
  Foreign,
  ForeignLines,
  HolderCount,
  useListState,
  useRows,
  type VirtualColumn,
} from "../widgets/mod.ts";
import { addressOf } from "./addresses.ts";

/** Maximum number of different errors above the list. */
const MAX_ERRORS = 10;

const columns: readonly VirtualColumn<RecordRow>[] = [
  { name: "record", title: "Record", sortable: true, cell: (row) => <Label row={row} /> },
  { name: "kind", title: "Kind", cell: ({ record: { kind } }) => kindWords(kind) },
  {
    name: "holders",
    title: "Holders",
    sortable: true,
    cell: ({ record }) => <HolderCount record={record} />,
  },
  {
    name: "due",
    title: "Next",
    sortable: true,
    cell: ({ record: { nextDueMs } }) => <Due atMs={nextDueMs} />,
  },
  { name: "state", title: "State", cell: (row) => <State row={row} /> },
];

function Label({ row: { record: { name, version, kind }, label } }: { row: RecordRow }) {
  const isPackage = name !== undefined && version !== undefined &&
    (kind === "manifest" || kind === "torrent");
  if (!isPackage) return <Foreign text={label} />;
  return (
    <a href={addressOf({ name, version })}>
      <Foreign text={label} />
    </a>
  );
}

function State({ row: { record: { error, failures }, urgency } }: { row: RecordRow }) {
  if (error !== undefined) {
    return <span class="problem" title={visibleText(error)}>{visibleText(error)}</span>;
  }
  if (failures > 0) return <Mark tone="bad">failed {formatCount(failures, "time")}</Mark>;
  if (urgency === 1) return <Mark tone="warn">weak</Mark>;
  return urgency === 2 ? <Mark>not announced yet</Mark> : <Mark tone="good">well held</Mark>;
}

/** Reads the records in slices. */
async function readRows(api: Api, signal: AbortSignal): Promise<readonly RecordRow[]> {
  const slices = new Slices(browserSlices, signal);
  const records = await parseArray<RecordJson>(api.parts("records", signal), slices);
  const rows: RecordRow[] = [];
  await eachInSlices(records, slices, (record) => rows.push(recordRowOf(record)));
  return rows;
}

/** The page of the records. */
export function RecordsPage({ api, params }: PageProps) {
  const list = useListState(params, { column: "holders", descending: false });
  const { typed, order } = list;
  const { value: rows, problem } = useData((signal) => readRows(api, signal), "", {
    on: ["records"],
    everyMs: 60_000,
  });
  const shown = useRows({ rows, typed, order, compareBy: compareRecordsBy });
  const errors = useMemo(() => errorGroupsOf(rows ?? []), [rows]);
  if (rows === undefined || shown === undefined) return <Waiting problem={problem} />;
  if (rows.length === 0) {
    return (
      <p class="empty">
        No record yet: records appear when you publish a package with <code>libreseed publish</code>
        {" "}
        or seed one of another publisher.
      </p>
    );
  }
  const weak = rows.filter(({ urgency }) => urgency === 1).length;
  return (
    <div class="stack">
      {errors.length > 0 && (
        <Card title="Announcements that failed">
          <ul class="errors">
            {errors.slice(0, MAX_ERRORS).map(({ message, count, example }) => (
              <li key={message}>
                <Mark tone="bad">{formatCount(count, "record")}</Mark>{" "}
                <ForeignLines text={message} />{" "}
                <span class="quiet">for example {<Foreign text={example} />}</span>
              </li>
            ))}
          </ul>
          {errors.length > MAX_ERRORS && (
            <p class="quiet">{formatCount(errors.length - MAX_ERRORS, "other error")}</p>
          )}
        </Card>
      )}
      <Card title="Records in the DHT">
        <p>
          Each bar is a node that was asked for the record. A tall bar: the node holds it. A bar of
          half the height: the node answered, but does not hold it. A dash: no answer. {weak === 0
            ? "No record is weak."
            : `${formatCount(weak, "record is", "records are")} weak: too few nodes hold it.`}
        </p>
        <FilteredTable
          list={list}
          noun="record"
          hint="name, kind, publisher or error"
          total={rows.length}
          caption="Records"
          class="records"
          columns={columns}
          rows={shown}
          keyOf={({ id }) => id}
        />
      </Card>
    </div>
  );
}
