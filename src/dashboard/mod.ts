/**
 * The dashboard: the page that the daemon serves at `/`. It runs in the browser, and speaks with the
 * daemon by the HTTP API only. `scripts/dashboard.ts` bundles it, and `src/host/http/assets.ts` gives
 * it out.
 *
 * - `shell.tsx` is the frame; `routes.ts` has the addresses of the pages. Start reading here.
 * - `pages` has the pages, one file each.
 * - `parts` has components, formatters and the theme.
 * - `data` has requests, live events and the token.
 * - `index.html`, `style.css` and `icon.svg` are served beside the script.
 *
 * @module
 */

export { type Place, placeOf, type Route, routes } from "./routes.ts";
export { start } from "./start.tsx";
