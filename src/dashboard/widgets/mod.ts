/**
 * Components for long lists and for texts of strangers.
 *
 * - {@linkcode VirtualTable} draws the rows in sight; {@linkcode useRows} filters and sorts them.
 * - {@linkcode Foreign} shows a text of a stranger. Nothing else of a stranger gets into the page.
 * - {@linkcode HolderStrip} and {@linkcode Bar} draw counts.
 *
 * @module
 */

export { Bar, type BarPart } from "./bar.tsx";
export { CopyButton } from "./copy_button.tsx";
export { Foreign, ForeignLines } from "./foreign_text.tsx";
export { HolderStrip } from "./holder_strip.tsx";
export { browserSlices } from "./slice_clock.ts";
export { Due, HolderCount } from "./due.tsx";
export { useLimited } from "./use_limited.tsx";
export { FilteredTable } from "./filtered_table.tsx";
export { FilterField } from "./filter_field.tsx";
export { type ListState, useListState } from "./use_list_state.ts";
export { useNow } from "./use_now.ts";
export { type Order, useRows } from "./use_rows.ts";
export { type VirtualColumn, VirtualTable, type VirtualTableProps } from "./virtual_table.tsx";
