/**
 * Starts the dashboard in the browser's page.
 *
 * @module
 */

import { render } from "preact";
import { Api, browserClock, gatherRates, Live, type Session, Token } from "./data/mod.ts";
import { rememberedTheme, showTheme } from "./parts/mod.ts";
import { Shell } from "./shell.tsx";

/** Draws the dashboard in the element `app`, and keeps it up to date. */
export function start(): void {
  showTheme(rememberedTheme(localStorage), localStorage);
  const api = new Api(new Token(sessionStorage), fetch.bind(globalThis));
  const live = new Live(api, browserClock, [
    ...["rates", "progress", "problems", "packages", "records"] as const,
  ]);
  const session: Session = {
    api,
    live,
    clock: browserClock,
    rates: gatherRates(live),
    open: (kinds) => new Live(api, browserClock, kinds),
  };
  live.start();
  addEventListener("online", () => live.retry());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") live.retry();
  });
  // A task of its own: the one that loads this script is long enough without the first drawing.
  browserClock.after(
    0,
    () => render(<Shell session={session} />, document.getElementById("app")!),
  );
}
