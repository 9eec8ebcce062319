/**
 * Long lists and texts of strangers, without any element of the page: filtering, sorting, the window into a
 * list, and what rows show.
 *
 * - {@linkcode Slices} cuts long work into pieces; {@linkcode filterRows}, {@linkcode sortRows} and
 *   {@linkcode parseArray} work in slices.
 * - {@linkcode segmentsOf} says which rows the page holds as elements.
 * - {@linkcode visibleText} makes texts of strangers harmless.
 *
 * @module
 */

export * from "./bucket_rows.ts";
export * from "./filter.ts";
export * from "./holder_strip.ts";
export * from "./json_array.ts";
export * from "./name_rows.ts";
export * from "./package_rows.ts";
export * from "./publisher_key.ts";
export * from "./record_rows.ts";
export * from "./slices.ts";
export * from "./sort.ts";
export * from "./version_key.ts";
export * from "./visible_text.ts";
export * from "./window.ts";
