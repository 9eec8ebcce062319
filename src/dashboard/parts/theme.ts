/**
 * The theme: the system's, or the one that the user has chosen, which the browser remembers.
 *
 * @module
 */

import { Store } from "../data/mod.ts";

/** A choice of the user. `system` follows the system's setting. */
export type Theme = "system" | "light" | "dark";

/** Name under which the browser remembers the theme. */
const KEY = "libreseed-theme";

/** The themes in the order in which the switch goes through them. */
export const themes: readonly Theme[] = ["system", "light", "dark"];

/** Counts changes of the colours, for what draws on a canvas. */
export const themeChanges = new Store(0);

/** Returns the theme that the browser remembers. */
export function rememberedTheme(storage: Storage): Theme {
  const remembered = storage.getItem(KEY);
  return themes.find((theme) => theme === remembered) ?? "system";
}

/** Shows a theme and remembers it. */
export function showTheme(theme: Theme, storage: Storage): void {
  storage.setItem(KEY, theme);
  const { documentElement } = document;
  if (theme === "system") delete documentElement.dataset.theme;
  else documentElement.dataset.theme = theme;
  themeChanges.set(themeChanges.value + 1);
}
