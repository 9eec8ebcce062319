/** Tests the pages that `scripts/docs_site.ts` makes of the docs. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { buildSite } from "../../../scripts/docs_site.ts";
import { renderPage } from "../../../scripts/docs_site/page.ts";
import { temporaryHome } from "../../support/mod.ts";

/** The targets of all links, pictures, styles and scripts of a page. */
function targetsOf(html: string): string[] {
  return [...html.matchAll(/\s(?:href|src)="([^"]+)"/g)]
    .map(([, target]) => target!.replaceAll("&amp;", "&"));
}

/** Lists the paths of all files in a directory. */
async function filesIn(directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) found.push(...await filesIn(path));
    else found.push(path);
  }
  return found;
}

/** Makes a small repository with these files, and the directory for its site. */
async function repository(path: string, files: Record<string, string>): Promise<string> {
  await Deno.mkdir(join(path, "docs"));
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(path, name), text);
  }
  return join(path, "site");
}

Deno.test("the docs become pages of which every link leads to a file and an anchor", async () => {
  await using home = await temporaryHome();
  const { directory, pages, links } = await buildSite(join(home.path, "site"));
  assert(pages.length > 90 && links > 400, `${pages.length} pages, ${links} links`);
  const texts = new Map<string, string>();
  for (const path of await filesIn(directory)) {
    if (path.endsWith(".html")) texts.set(path, await Deno.readTextFile(path));
  }
  assert.equal(texts.size, pages.length);
  for (const [path, html] of texts) {
    assert.match(html, /^<!doctype html>\n<html lang="en">/);
    assert.match(html, /<main id="main">\n\n?.*<h1 id="[^"]+">/s, path);
    for (const target of targetsOf(html)) {
      if (/^https?:/.test(target)) continue;
      const [name, anchor] = target.split("#");
      const file = name === "" ? path : join(dirname(path), decodeURIComponent(name!));
      assert((await Deno.stat(file)).isFile, `${path}: ${target}`);
      if (anchor === undefined) continue;
      assert(texts.get(file)?.includes(` id="${anchor}"`), `${path}: ${target}`);
    }
    // A page loads nothing from elsewhere: it has to work from the disk.
    for (const [, source] of html.matchAll(/<(?:script|img|link)[^>]*(?:src|href)="([^"]+)"/g)) {
      assert.doesNotMatch(source!, /^[a-z]+:/);
    }
  }
  const index = texts.get(join(directory, "docs", "index.html"))!;
  assert.match(index, /<td>publish from CI<\/td><td><a href="deployment\.html#publish-from-ci">/);
  assert((await Deno.stat(join(directory, "docs", "pictures", "rooms.svg"))).isFile);
});

Deno.test("the search has every heading, in a script that needs no request", async () => {
  await using home = await temporaryHome();
  const site = await repository(home.path, {
    "README.md": "# First\n\n## Its part\n\n[docs](docs/README.md)\n",
    "docs/README.md": "# Second\n\n### A `code` & more\n",
  });
  await buildSite(site, home.path);
  const script = await Deno.readTextFile(join(site, "headings.js"));
  const headings = JSON.parse(script.replace(/^globalThis\.headings = /, "").replace(/;\n$/, ""));
  assert.deepEqual(headings, [
    { page: "First", level: 1, text: "First", address: "index.html" },
    { page: "First", level: 2, text: "Its part", address: "index.html#its-part" },
    { page: "Second", level: 1, text: "Second", address: "docs/index.html" },
    { page: "Second", level: 3, text: "A code & more", address: "docs/index.html#a-code--more" },
  ]);
});

Deno.test("dead links fail the build, all of them at once, and leave the last site alone", async () => {
  await using home = await temporaryHome();
  const site = await repository(home.path, {
    "README.md": "# First\n\n[1](docs/no.md) [2](docs/README.md#none) [3](#nothing) [4](no.txt) " +
      "[5](../outside.md) ![6](docs/no.svg) [good](docs/README.md#there) [far](https://a.example/)\n",
    "docs/README.md": "# Second\n\n## There\n",
    "docs/stray.md": "# Stray\n",
  });
  await Deno.mkdir(site);
  await Deno.writeTextFile(join(site, "last"), "");
  await assert.rejects(buildSite(site, home.path), (error: Error) => {
    const dead = [...error.message.matchAll(/README\.md links to (\S+), which/g)];
    assert.deepEqual(dead.map(([, target]) => target), [
      ...["docs/no.md", "docs/README.md#none", "#nothing", "no.txt", "../outside.md"],
      "docs/no.svg",
    ]);
    assert.match(error.message, /docs\/stray\.md is missing in/);
    return true;
  });
  assert((await Deno.stat(join(site, "last"))).isFile);
});

Deno.test("text that looks like HTML stays text, and equal headings get anchors of their own", () => {
  const { html, headings, title } = renderPage(
    "docs/a.md",
    '# A <b> title\n\n<script>alert(1)</script>\n\n## Twice\n\n## Twice\n\n`<i>` [x](a"b)\n',
    (target) => target,
  );
  assert.equal(title, "A <b> title");
  assert.deepEqual(headings.map(({ anchor }) => anchor), ["a-b-title", "twice", "twice-1"]);
  assert.doesNotMatch(html, /<script|<b>|<i>/);
  assert.match(html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.match(html, /<h2 id="twice-1">/);
  assert.match(html, /href="a&quot;b"|href="a%22b"/);
});
