/**
 * A table of many thousand rows, of which the page holds only those in sight and some around them. It is a
 * table for screen readers too: it says how many rows there are, and which one each row is.
 *
 * All rows have the same height, which the style sheet sets.
 *
 * @module
 */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { rowAfterKey, segmentsOf, type View } from "../listing/mod.ts";
import type { Order } from "./use_rows.ts";

/** A column of a {@linkcode VirtualTable}. */
export interface VirtualColumn<Row> {
  /** Name of the column: its class in the style sheet, and its name in {@linkcode Order}. */
  name: string;
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** Whether the column has numbers, which stand at the right. */
  number?: boolean;
  /** Whether the rows can be sorted by the column. */
  sortable?: boolean;
}

/** Properties of {@linkcode VirtualTable}. */
export interface VirtualTableProps<Row> {
  /** Name of the table, for screen readers; also its class in the style sheet. */
  caption: string;
  class: string;
  columns: readonly VirtualColumn<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  order?: Order;
  onOrder?: (order: Order) => void;
}

/** Height of a row until one was measured, pixels. */
const FIRST_ROW_HEIGHT_PX = 44;

/** A table of many rows. The first column names the row. */
export function VirtualTable<Row>(
  { caption, class: name, columns, rows, keyOf, order, onOrder }: VirtualTableProps<Row>,
) {
  const body = useRef<HTMLTableSectionElement>(null);
  const view = useView(body, rows.length);
  const [focused, setFocused] = useState<string>();
  const kept = useMemo(
    () => focused === undefined ? undefined : rows.findIndex((row) => keyOf(row) === focused),
    [rows, focused],
  );
  const wanted = useRef<number | undefined>(undefined);
  const segments = segmentsOf(rows.length, view, kept === -1 ? undefined : kept);

  const focusRow = (index: number) => {
    const row = body.current?.querySelector<HTMLElement>(`tr[aria-rowindex="${index + 2}"]`);
    const target = row?.querySelector<HTMLElement>("a, button");
    target?.focus();
  };
  useLayoutEffect(() => {
    if (wanted.current === undefined) return;
    const index = wanted.current;
    wanted.current = undefined;
    focusRow(index);
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const row = (event.target as Element).closest("tr[aria-rowindex]");
    if (row === null) return;
    const pageRows = Math.max(1, Math.floor(view.heightPx / view.rowHeightPx) - 2);
    const from = Number(row.getAttribute("aria-rowindex")) - 2;
    const to = rowAfterKey(event.key, from, rows.length, pageRows);
    if (to === undefined) return;
    event.preventDefault();
    wanted.current = to;
    setFocused(keyOf(rows[to]!));
  };
  const onFocus = (event: FocusEvent) => {
    const row = (event.target as Element).closest("tr[aria-rowindex]");
    const index = Number(row?.getAttribute("aria-rowindex")) - 2;
    const found = rows[index];
    if (found !== undefined) setFocused(keyOf(found));
  };

  const drawRow = (index: number) => {
    const row = rows[index]!;
    return (
      <tr key={`row ${keyOf(row)}`} role="row" aria-rowindex={index + 2}>
        {columns.map(({ name, cell, number }, column) => {
          const className = number ? `${name} number` : name;
          return column === 0
            ? <th key={name} role="rowheader" scope="row" class={className}>{cell(row)}</th>
            : <td key={name} role="cell" class={className}>{cell(row)}</td>;
        })}
      </tr>
    );
  };
  return (
    <table
      class={`virtual ${name}`}
      role="table"
      aria-label={caption}
      aria-rowcount={rows.length + 1}
    >
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <Heading key={column.name} column={column} order={order} onOrder={onOrder} />
          ))}
        </tr>
      </thead>
      <tbody
        role="rowgroup"
        ref={body}
        onKeyDown={onKeyDown}
        onFocusIn={onFocus}
        onFocusOut={() => setFocused(undefined)}
      >
        {segments.flatMap((segment) => {
          if (segment.kind === "rows") {
            const length = segment.end - segment.start;
            return Array.from({ length }, (_, index) => drawRow(segment.start + index));
          }
          const { start, count } = segment;
          const place = start === 0 ? "top" : start + count === rows.length ? "bottom" : "middle";
          return [<Gap key={place} heightPx={count * view.rowHeightPx} columns={columns.length} />];
        })}
      </tbody>
    </table>
  );
}

/** Empty space in place of rows. */
function Gap({ heightPx, columns }: { heightPx: number; columns: number }) {
  return (
    <tr class="gap" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${heightPx}px` }} />
    </tr>
  );
}

/** Heading of a column, with a button that sorts by it. */
function Heading<Row>(
  { column: { name, title, number, sortable }, order, onOrder }:
    & { column: VirtualColumn<Row> }
    & Pick<VirtualTableProps<Row>, "order" | "onOrder">,
) {
  const isOrder = order?.column === name;
  const direction = order?.descending ? "descending" : "ascending";
  return (
    <th
      role="columnheader"
      scope="col"
      class={`${name}${number ? " number" : ""}${sortable ? " sortable" : ""}`}
      aria-sort={isOrder ? direction : undefined}
    >
      {sortable
        ? (
          <button
            type="button"
            onClick={() => onOrder?.({ column: name, descending: isOrder && !order.descending })}
          >
            {title}
            <span class="arrow" aria-hidden="true">
              {isOrder ? (order.descending ? "▼" : "▲") : "\u00a0"}
            </span>
          </button>
        )
        : title}
    </th>
  );
}

/** Number of rows by which the view moves at once: fewer than those that are held around it. */
const STEP_ROWS = 4;
/**
 * Number of rows by which the view of a new table grows in each frame. The first drawing of a row costs the
 * browser several times as much as a later one, and a screen of them at once is a task of some 50 ms.
 */
const GROWTH_ROWS = 12;

/** Follows which part of the table is in sight. A new table grows to the height of the window. */
function useView(body: { current: HTMLTableSectionElement | null }, count: number): View {
  const [view, setView] = useState<View>({
    offsetPx: 0,
    heightPx: 0,
    rowHeightPx: FIRST_ROW_HEIGHT_PX,
  });
  useLayoutEffect(() => {
    const measure = () => {
      const element = body.current!;
      const row = element.querySelector("tr[aria-rowindex]");
      const rowHeightPx = row?.getBoundingClientRect().height || FIRST_ROW_HEIGHT_PX;
      const stepPx = STEP_ROWS * rowHeightPx;
      const offsetPx = Math.floor(-element.getBoundingClientRect().top / stepPx) * stepPx;
      const wantedPx = innerHeight + stepPx;
      const heightPx = Math.min(wantedPx, grownPx += GROWTH_ROWS * rowHeightPx);
      setView((old) =>
        old.offsetPx === offsetPx && old.heightPx === heightPx && old.rowHeightPx === rowHeightPx
          ? old
          : { offsetPx, heightPx, rowHeightPx }
      );
      if (heightPx < wantedPx) later();
    };
    let grownPx = 0;
    let frame = 0;
    const later = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        measure();
      });
    };
    // The page or a part of it may scroll, so the capturing phase is used, which has the events of both.
    addEventListener("scroll", later, { capture: true, passive: true });
    addEventListener("resize", later);
    // Content that appears above the table moves it without a scroll event. The observer's first call comes
    // after the table's first layout, so the first look at it needs no layout of its own.
    const resized = new ResizeObserver(later);
    resized.observe(document.body);
    return () => {
      removeEventListener("scroll", later, { capture: true });
      removeEventListener("resize", later);
      resized.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [count > 0]);
  return view;
}
