/**
 * The frame of a page: navigation, search, list of headings.
 *
 * @module
 */

import { posix } from "node:path";
import { navigation } from "./navigation.ts";
import { escape, htmlPathOf, type Page } from "./page.ts";

/** Returns the whole HTML of a page. Everything that it loads is a file of the site. */
export function layOut(page: Page, titles: ReadonlyMap<string, string>): string {
  const at = htmlPathOf(page.path);
  const to = (path: string) => posix.relative(posix.dirname(at), path);
  const topics = navigation.map(({ title, pages }) => {
    const links = pages.filter((path) => titles.has(path)).map((path) => {
      const here = path === page.path ? ' aria-current="page"' : "";
      return `<li><a href="${to(htmlPathOf(path))}"${here}>${escape(titles.get(path)!)}</a></li>`;
    });
    return `<h2>${title}</h2>\n<ul>${links.join("\n")}</ul>`;
  });
  const sections = page.headings.filter(({ level }) => level === 2)
    .map(({ text, anchor }) => `<li><a href="#${anchor}">${escape(text)}</a></li>`);
  const contents = sections.length < 3
    ? ""
    : `<details class="contents"><summary>On this page</summary><ul>${
      sections.join("\n")
    }</ul></details>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(page.title)}${page.path === "README.md" ? "" : " – libreseed"}</title>
<link rel="stylesheet" href="${to("style.css")}">
<script defer src="${to("headings.js")}"></script>
<script defer src="${to("search.js")}" data-root="${
    to("index.html").replace(/index\.html$/, "")
  }"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<nav aria-label="Pages">
<p class="name"><a href="${to("index.html")}">libreseed</a></p>
<div class="search" hidden><label for="search">Search headings</label>
<input id="search" type="search" autocomplete="off"><ol id="found" aria-live="polite"></ol></div>
${topics.join("\n")}
</nav>
<main id="main">
${contents}
${page.html}</main>
</body>
</html>
`;
}
