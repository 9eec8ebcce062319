/**
 * The frame of all pages: navigation, state of the connection, theme, and the question for the token.
 *
 * @module
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { type Session, SessionContext, useStore } from "./data/mod.ts";
import { Banner } from "./banner.tsx";
import { visibleText } from "./listing/mod.ts";
import { rememberedTheme, showTheme, themes } from "./parts/mod.ts";
import { placeOf, routes } from "./routes.ts";
import { TokenQuestion } from "./token_question.tsx";

/** Maximum length of a title with the name of a package, which is a stranger's text; UTF-16 units. */
const MAX_TITLE_LENGTH = 300;

/** The dashboard. */
export function Shell({ session }: { session: Session }) {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  const main = useRef<HTMLElement>(null);
  const asked = useStore(session.api.token.asked);
  useEffect(() => {
    const changed = () => {
      setPlace(placeOf(location.hash));
      scrollTo(0, 0);
      // A screen reader goes on with the new page, as it does after a page is loaded.
      main.current?.focus({ preventScroll: true });
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  const { route, params } = place;
  const title = params.name === undefined
    ? route.title
    : visibleText(`${params.name} ${params.version}`, MAX_TITLE_LENGTH);
  useEffect(() => {
    document.title = `${title} – libreseed`;
  }, [title]);
  const { page: Page } = route;
  return (
    <SessionContext.Provider value={session}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The address after `#` is that of a page.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="#/">
          <img src="icon.svg" alt="" width="24" height="24" />
          libreseed
        </a>
        <nav aria-label="Pages">
          <ul>
            {routes.filter(({ under }) => under === undefined).map(({ path, title }) => (
              <li key={path}>
                <a
                  href={`#${path}`}
                  aria-current={path === (route.under ?? route.path) ? "page" : undefined}
                >
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <ThemeSwitch />
      </header>
      <Banner session={session} />
      <main id="main" ref={main} tabIndex={-1}>
        <h1>{title}</h1>
        {asked === "read" || asked === "refused"
          ? null
          : <Page key={route.path} api={session.api} params={params} />}
        {asked !== undefined && <TokenQuestion key={asked} token={session.api.token} />}
      </main>
    </SessionContext.Provider>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(() => rememberedTheme(localStorage));
  const next = themes[(themes.indexOf(theme) + 1) % themes.length]!;
  return (
    <button
      type="button"
      class="theme"
      aria-label={`Theme: ${theme}. Change to ${next}`}
      onClick={() => {
        showTheme(next, localStorage);
        setTheme(next);
      }}
    >
      {{ system: "◐ System", light: "☀ Light", dark: "☾ Dark" }[theme]}
    </button>
  );
}
