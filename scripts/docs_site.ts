/**
 * Makes pages from README.md and the docs in `dist/site`: `deno task docs`. The pages need no server:
 * they work from the disk. The build fails for a link that leads to no page, heading or file.
 */

import { dirname, join, posix } from "node:path";
import { layOut } from "./docs_site/layout.ts";
import { navigation } from "./docs_site/navigation.ts";
import { type Heading, headingsOf, htmlPathOf, type Page, renderPage } from "./docs_site/page.ts";

const repository = join(import.meta.dirname!, "..");
const ASSETS = ["style.css", "search.js"];
/** Pages outside of `docs`. */
const AT_THE_TOP = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

/** Result of the build. */
export interface BuiltSite {
  directory: string;
  /** Paths of the pages in the repository, sorted. */
  pages: string[];
  /** Links between pages, and to files. */
  links: number;
}

/** A page that is read but not made yet. */
interface Source {
  markdown: string;
  headings: Heading[];
}

/**
 * Builds the site in a directory, which is replaced.
 *
 * @param root the repository, or another directory with README.md and `docs`
 * @throws with all dead links, and pages that the navigation lacks
 */
export async function buildSite(directory: string, root: string = repository): Promise<BuiltSite> {
  const sources = await readSources(root);
  const problems = missingInNavigation([...sources.keys()]);
  const files = new Set<string>();
  let links = 0;
  const pages: Page[] = [];
  for (const [path, { markdown }] of sources) {
    pages.push(renderPage(path, markdown, (target) => {
      if (/^[a-z]+:/.test(target)) return target;
      links++;
      const found = resolveLink(path, target, sources, root);
      if ("problem" in found) problems.push(`${path} links to ${target}, ${found.problem}`);
      else if (found.file !== undefined) files.add(found.file);
      return "problem" in found ? target : found.address;
    }));
  }
  if (problems.length > 0) throw new Error(`Dead links:\n${problems.join("\n")}`);

  await Deno.remove(directory, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const titles = new Map(pages.map(({ path, title }) => [path, title]));
  for (const page of pages) await write(directory, htmlPathOf(page.path), layOut(page, titles));
  for (const file of files) {
    await Deno.mkdir(dirname(join(directory, file)), { recursive: true });
    await Deno.copyFile(join(root, file), join(directory, file));
  }
  for (const name of ASSETS) {
    await Deno.copyFile(join(import.meta.dirname!, "docs_site", name), join(directory, name));
  }
  await write(directory, "headings.js", headingsScript(pages));
  return { directory, pages: [...sources.keys()].sort(), links };
}

async function readSources(root: string): Promise<Map<string, Source>> {
  const sources = new Map<string, Source>();
  const read = async (path: string) => {
    const markdown = await Deno.readTextFile(join(root, path));
    sources.set(path, { markdown, headings: headingsOf(markdown) });
  };
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      const path = `${folder}/${name}`;
      if (isDirectory) await walk(path);
      else if (name.endsWith(".md")) await read(path);
    }
  };
  for (const path of AT_THE_TOP) if (isFile(join(root, path))) await read(path);
  await walk("docs");
  return sources;
}

/** Says which pages directly in `docs` no topic has. */
function missingInNavigation(paths: readonly string[]): string[] {
  const listed = new Set(navigation.flatMap(({ pages }) => pages));
  return paths.filter((path) => path.split("/").length < 3 && !listed.has(path))
    .map((path) => `${path} is missing in scripts/docs_site/navigation.ts`);
}

type Found = { address: string; file?: string } | { problem: string };

/** Finds what a link leads to. The address is relative to the page. */
function resolveLink(
  from: string,
  target: string,
  sources: ReadonlyMap<string, Source>,
  root: string,
): Found {
  const [name = "", anchor] = target.split("#");
  const wanted = name === "" ? from : posix.join(posix.dirname(from), decodeURIComponent(name));
  const asPage = [wanted, posix.join(wanted, "README.md")].find((path) => sources.has(path));
  const address = (path: string) =>
    posix.relative(posix.dirname(htmlPathOf(from)), path) || posix.basename(path);
  if (asPage === undefined) {
    const isInside = !wanted.startsWith("..");
    return isInside && anchor === undefined && isFile(join(root, wanted))
      ? { address: address(wanted), file: wanted }
      : { problem: "which is not there" };
  }
  if (anchor === undefined) return { address: address(htmlPathOf(asPage)) };
  if (!sources.get(asPage)!.headings.some((heading) => heading.anchor === anchor)) {
    return { problem: "which has no such heading" };
  }
  return { address: name === "" ? `#${anchor}` : `${address(htmlPathOf(asPage))}#${anchor}` };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The headings of all pages, for the search. A script instead of JSON, which `file:` cannot load. */
function headingsScript(pages: readonly Page[]): string {
  const headings = pages.flatMap(({ path, title, headings }) =>
    headings.map(({ level, text, anchor }) => ({
      page: title,
      level,
      text,
      address: `${htmlPathOf(path)}${level === 1 ? "" : `#${anchor}`}`,
    }))
  );
  return `globalThis.headings = ${JSON.stringify(headings)};\n`;
}

async function write(directory: string, path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(join(directory, path)), { recursive: true });
  await Deno.writeTextFile(join(directory, path), text);
}

if (import.meta.main) {
  const { directory, pages, links } = await buildSite(
    Deno.args[0] ?? join(repository, "dist", "site"),
  );
  console.log(`${directory}: ${pages.length} pages, ${links} links`);
}
