/**
 * Bundles the dashboard: the page, its script and its style sheet, each in `dist/dashboard/`, and all of
 * them compressed in the module `dist/dashboard/assets.js`, which `src/host/http/assets.ts` loads.
 * `deno task bundle` and `scripts/compile.ts` run it.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const root = fileURLToPath(new URL("../", import.meta.url));
const source = join(root, "src", "dashboard");

/** Directory of the bundled dashboard in the checkout. */
export const dashboardDirectory = join(root, "dist", "dashboard");

/** The dashboard's files, by their paths at the HTTP server, with their names in the directory. */
const served: Record<string, { name: string; contentType: string }> = {
  "/": { name: "index.html", contentType: "text/html; charset=utf-8" },
  "/dashboard.js": { name: "dashboard.js", contentType: "text/javascript; charset=utf-8" },
  "/dashboard.css": { name: "dashboard.css", contentType: "text/css; charset=utf-8" },
  "/icon.svg": { name: "icon.svg", contentType: "image/svg+xml" },
};

/**
 * Bundles the dashboard into a directory.
 *
 * @returns total size of the files before compression, bytes
 */
export async function bundleDashboard(directory = dashboardDirectory): Promise<number> {
  await Deno.mkdir(directory, { recursive: true });
  const script = join(directory, "dashboard.js");
  const { success, code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--node-modules-dir=manual", "--platform", "browser", "--minify"],
      ...["--output", script, join(source, "main.ts")],
    ],
    cwd: root,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(
      `Bundling the dashboard failed: deno bundle ended with ${code}: ${
        new TextDecoder().decode(stderr)
      }`,
    );
  }
  const plotStyle = join(root, "node_modules", "uplot", "dist", "uPlot.min.css");
  const styles = [plotStyle, join(source, "style.css"), join(source, "lists.css")].map((path) =>
    Deno.readTextFile(path)
  );
  const style = (await Promise.all(styles)).map(shorten).join("\n");
  await Deno.writeTextFile(join(directory, "dashboard.css"), style);
  for (const name of ["index.html", "icon.svg"]) {
    await Deno.writeTextFile(
      join(directory, name),
      shorten(await Deno.readTextFile(join(source, name))),
    );
  }
  const files: Record<string, unknown> = {};
  let total = 0;
  for (const [path, { name, contentType }] of Object.entries(served)) {
    const bytes = await Deno.readFile(join(directory, name));
    total += bytes.length;
    files[path] = {
      contentType,
      hash: createHash("sha256").update(bytes).digest("hex").slice(0, 32),
      // The highest quality is the default.
      brotli: brotliCompressSync(bytes).toString("base64"),
    };
  }
  const packed = `export const files = ${JSON.stringify(files)};\n`;
  await Deno.writeTextFile(join(directory, "assets.js"), packed);
  return total;
}

/** Removes comments of CSS and HTML, and the indentation of lines. */
function shorten(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|<!--[^]*?-->/g, "").split("\n")
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
