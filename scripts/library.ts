/**
 * Builds the npm package of the library in `dist/npm`: `deno task library [DIRECTORY]`. The package has no
 * dependencies: one JavaScript file for Deno and Node.js, and the type declarations.
 */

import { build, type Plugin, stop } from "esbuild";
import { join } from "node:path";
import { writeDeclarations } from "./library/declarations.ts";

const root = join(import.meta.dirname!, "..");

/** Result of the build: the package's directory, and the lengths of its parts in bytes. */
export interface BuiltLibrary {
  directory: string;
  codeBytes: number;
  declarationBytes: number;
}

/**
 * Lets the bundler leave out each module of `src` of which nothing is used. None of them does anything
 * when it is loaded, and all tests of the layout run with that.
 */
const unusedModules: Plugin = {
  name: "unused modules",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (pluginData === "resolving" || importer.includes("node_modules")) return;
      const found = await resolve(path, {
        kind,
        importer,
        resolveDir,
        pluginData: "resolving",
      });
      return found.errors.length > 0 ? found : { path: found.path, sideEffects: false };
    });
  },
};

/** Calls of methods that Node.js 20 lacks, by the symbol in `new_in_deno.ts` that stands for each. */
const METHODS: Record<string, string> = {
  setFromHex: "methodSetFromHex",
  toBase64: "methodToBase64",
  toHex: "methodToHex",
  transfer: "methodTransfer",
};

/** Lets our own code call the methods in `new_in_deno.ts`. */
const newMethods: Plugin = {
  name: "new methods",
  setup({ onLoad }) {
    const call = new RegExp(`(\\?)?\\.(${Object.keys(METHODS).join("|")})\\(`, "g");
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      if (path.includes("node_modules")) return;
      const text = await Deno.readTextFile(path);
      const contents = text.replace(
        call,
        (_, optional, name) => `${optional ? "?." : ""}[${METHODS[name]}](`,
      );
      return { contents, loader: "ts" };
    });
  },
};

/**
 * Beginning of the bundle: says to Deno where the types are, and gives the CommonJS packages inside a
 * `require` for modules of Node.js.
 */
const HEAD = `// @ts-self-types="./mod.d.ts"
import { createRequire as requireOf } from "node:module";
const require = requireOf(import.meta.url);`;

/** Builds the package in a directory, which is replaced. */
export async function buildLibrary(directory: string): Promise<BuiltLibrary> {
  await Deno.remove(directory, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(directory, { recursive: true });
  try {
    await build({
      absWorkingDir: root,
      entryPoints: ["mod.ts"],
      outfile: join(directory, "mod.js"),
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20.16",
      inject: ["scripts/library/deno_in_node.ts"],
      plugins: [unusedModules, newMethods],
      banner: { js: HEAD },
      legalComments: "inline",
      logLevel: "error",
    });
  } finally {
    await stop();
  }
  await writeDeclarations(directory);
  await Deno.writeTextFile(join(directory, "package.json"), await packageJson());
  for (const name of ["LICENSE"]) await Deno.copyFile(join(root, name), join(directory, name));
  await Deno.copyFile(join(root, "docs/library.md"), join(directory, "README.md"));
  const [code, types] = await Promise.all(
    ["mod.js", "mod.d.ts"].map((name) => Deno.stat(join(directory, name))),
  );
  return { directory, codeBytes: code!.size, declarationBytes: types!.size };
}

async function packageJson(): Promise<string> {
  const { version, license } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const description = "Packs, verifies and reads the signed packages of libreseed";
  const exports = { ".": { types: "./mod.d.ts", default: "./mod.js" } };
  const engines = { node: ">=20.16" };
  const fields = { name: "libreseed", version, description, license, type: "module" };
  return `${JSON.stringify({ ...fields, exports, sideEffects: false, engines }, null, 2)}\n`;
}

if (import.meta.main) {
  const { directory, codeBytes, declarationBytes } = await buildLibrary(
    Deno.args[0] ?? join(root, "dist", "npm"),
  );
  console.log(`${directory}: ${codeBytes} bytes of code, ${declarationBytes} of declarations`);
}
