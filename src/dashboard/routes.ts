/**
 * Addresses of the pages: the part after `#`.
 *
 * @module
 */

import type { ComponentType } from "preact";
import {
  DhtPage,
  LogPage,
  NamesPage,
  NowPage,
  PackagePage,
  PackagesPage,
  PublishersPage,
  RecordsPage,
  SettingsPage,
} from "./pages/mod.ts";
import type { PageProps } from "./parts/mod.ts";

/** A page and its address. */
export interface Route {
  /** Parts of the address; one that begins with `:` matches any text and names it. */
  path: string;
  title: string;
  /** Path of the page to which this one belongs in the navigation; absent if it is in it itself. */
  under?: string;
  page: ComponentType<PageProps>;
}

/** All pages, in the order of the navigation. */
export const routes: readonly Route[] = [
  { path: "/", title: "Now", page: NowPage },
  { path: "/packages", title: "Packages", page: PackagesPage },
  { path: "/packages/:name/:version", title: "Package", under: "/packages", page: PackagePage },
  { path: "/records", title: "Records", page: RecordsPage },
  { path: "/publishers", title: "Publishers", page: PublishersPage },
  { path: "/names", title: "Names", page: NamesPage },
  { path: "/dht", title: "DHT", page: DhtPage },
  { path: "/log", title: "Log", page: LogPage },
  { path: "/settings", title: "Settings", page: SettingsPage },
];

/** A page with the parts of its address. */
export interface Place {
  route: Route;
  params: Record<string, string>;
}

/**
 * Finds the page of an address, `#/packages/NAME/VERSION?publisher=KEY`. An unknown address is that of the
 * first page. Parts are percent-encoded.
 */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const parts = path.split("/").filter((part) => part !== "").map(decode);
  for (const route of routes) {
    const names = route.path.split("/").filter((name) => name !== "");
    if (names.length !== parts.length) continue;
    if (names.some((name, at) => !name.startsWith(":") && name !== parts[at])) continue;
    const params = Object.fromEntries(new URLSearchParams(query));
    names.forEach((name, at) => {
      if (name.startsWith(":")) params[name.slice(1)] = parts[at]!;
    });
    return { route, params };
  }
  return { route: routes[0]!, params: {} };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
