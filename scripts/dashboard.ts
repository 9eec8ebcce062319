/**
 * Bundles the dashboard into `dist/dashboard`: the page, its script, its style sheet and its icon, each
 * compressed, and the module `assets.js`, which imports them and which `src/host/http/assets.ts` loads.
 * `deno task bundle` and `scripts/compile.ts` run it.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const root = fileURLToPath(new URL("../", import.meta.url));
const source = join(root, "src", "dashboard");

/** Directory of the bundled dashboard in the checkout. */
const dashboardDirectory = join(root, "dist", "dashboard");

/** The dashboard's files, by their paths at the HTTP server, with their names in the directory. */
const served: Record<string, { name: string; contentType: string }> = {
  "/": { name: "index.html", contentType: "text/html; charset=utf-8" },
  "/dashboard.js": { name: "main.js", contentType: "text/javascript; charset=utf-8" },
  "/dashboard.css": { name: "main.css", contentType: "text/css; charset=utf-8" },
  "/icon.svg": { name: "icon.svg", contentType: "image/svg+xml" },
};

/**
 * Bundles the dashboard into a directory, which is emptied first.
 *
 * @returns total size of the files before compression, bytes
 */
export async function bundleDashboard(directory = dashboardDirectory): Promise<number> {
  await Deno.remove(directory, { recursive: true }).catch(() => {});
  await Deno.mkdir(directory, { recursive: true });
  await bundleSources(directory);
  for (const name of ["index.html", "icon.svg"]) {
    const text = await Deno.readTextFile(join(source, name));
    await Deno.writeTextFile(join(directory, name), shorten(text));
  }
  const imports: string[] = [];
  const files: string[] = [];
  let total = 0;
  for (const [path, { name, contentType }] of Object.entries(served)) {
    const bytes = await Deno.readFile(join(directory, name));
    await Deno.remove(join(directory, name));
    total += bytes.length;
    // The highest quality is the default.
    await Deno.writeFile(join(directory, `${name}.br`), brotliCompressSync(bytes));
    const variable = `file${imports.length}`;
    imports.push(`import ${variable} from "./${name}.br" with { type: "bytes" };\n`);
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
    const described = JSON.stringify({ contentType, hash }).slice(0, -1);
    files.push(`${JSON.stringify(path)}:${described},"brotli":${variable}}`);
  }
  const packed = `${imports.join("")}export const files = {${files.join()}};\n`;
  await Deno.writeTextFile(join(directory, "assets.js"), packed);
  return total;
}

/** Bundles the script and the style sheet. */
async function bundleSources(directory: string): Promise<void> {
  const { success, code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--platform", "browser", "--minify"],
      ...["--outdir", directory, join(source, "main.ts"), join(source, "main.css")],
    ],
    cwd: root,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr);
  throw new Error(`Bundling the dashboard failed: deno bundle ended with ${code}: ${reason}`);
}

/** Removes comments of HTML, and the indentation of lines. */
function shorten(text: string): string {
  return text.replace(/<!--[^]*?-->/g, "").split("\n")
    .map((line) => line.trim()).filter((line) => line !== "").join("\n");
}

if (import.meta.main) {
  try {
    await bundleDashboard();
  } catch (error) {
    console.error(`dashboard: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
