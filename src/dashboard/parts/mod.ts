/**
 * Parts of which pages are made, and formatters of values.
 *
 * - `card.tsx`, `table.tsx`, `plot.tsx` and `actions.tsx` have the components.
 * - `format.ts` makes texts of numbers, sizes, times and keys.
 * - `theme.ts` switches between dark and light. The colours are variables in `style.css`.
 *
 * @module
 */

export { ActionButton, Dialog } from "./actions.tsx";
export { Card, Fact, Facts, Figure, Mark, Note, type Tone, Waiting } from "./card.tsx";
export * from "./format.ts";
export type { PageProps } from "./page.ts";
export { type Line, Plot, type PlotOptions } from "./plot.tsx";
export { type Column, Table } from "./table.tsx";
export { rememberedTheme, showTheme, type Theme, themeChanges, themes } from "./theme.ts";
