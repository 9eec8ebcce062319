/**
 * Choosing the files of a directory that go into its package.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultArchiveLimits, refuseUnpackable } from "../../../../src/package/mod.ts";
import {
  inDirectory,
  packIn,
  refusal,
  type Tree,
  writeTree,
} from "../../../support/package_archives.ts";
import { chosen, filesOf, named, select } from "./chosen.ts";

inDirectory(
  "files of version control, npm, editors and systems are left out",
  async (dir) => {
    const out = filesOf(
      ".git/config .hg/x .svn/x CVS/Root .jj/x sub/.git node_modules/x/index.js " +
        "sub/node_modules/y.js .npmrc sub/.npmrc .DS_Store sub/.DS_Store ._a sub/._b.txt .a.js.swp " +
        "b.swp a.js.orig npm-debug.log package-lock.json yarn.lock",
    );
    const kept = filesOf("a.js sub/CVSS sub/package-lock.json sub/git x.swpx");
    assert.deepEqual(await chosen(dir, { ...out, ...kept }), Object.keys(kept).sort());
    const everything = await chosen(dir, {}, { leaveOut: "nothing" });
    assert.deepEqual(everything, Object.keys({ ...out, ...kept }).sort());
  },
);

inDirectory(
  "the first ignore file of each directory counts, with the rules of gitignore",
  async (dir) => {
    const tree = {
      ...filesOf("a.log a.txt keep.log sub/a.txt sub/b.txt sub/deep/b.txt sub/deep/c.log build/x"),
      ...filesOf("sub/build/x other/secret.txt other/a.txt UPPER/x"),
      ".libreseedignore": "*.log\n!keep.log\n/build/\nupper\n# a comment\n",
      ".npmignore": "a.txt\n",
      ".gitignore": "a.txt\n",
      "sub/.npmignore": "/b.txt\n",
      "sub/.gitignore": "a.txt\n",
      "other/.gitignore": "secret.*\n",
    };
    assert.deepEqual(await chosen(dir, tree), [
      ...["a.txt", "keep.log", "other/a.txt", "sub/a.txt", "sub/build/x", "sub/deep/b.txt"],
    ]);
    await Deno.remove(join(dir, ".libreseedignore"));
    assert.deepEqual(await chosen(dir, {}), [
      ...["UPPER/x", "a.log", "build/x", "keep.log", "sub/build/x", "sub/deep/b.txt"],
      "sub/deep/c.log",
    ]);
  },
);

inDirectory("patterns of ignore files match as git matches them", async (dir) => {
  // Each expected list was verified with `git ls-files --others --exclude-standard`.
  const paths = ["a/b/c.js", "a/b/d.log", "a/x.js", "b/x.js", "d e/x.js"];
  const cases: [rules: Tree, kept: string[]][] = [
    [{ ".gitignore": "a/*\n!a/b/\n" }, ["a/b/c.js", "a/b/d.log", "b/x.js", "d e/x.js"]],
    [{ ".gitignore": "a\n!a/b\n" }, ["b/x.js", "d e/x.js"]],
    [{ ".gitignore": "**/c.js" }, ["a/b/d.log", "a/x.js", "b/x.js", "d e/x.js"]],
    [{ ".gitignore": "/x.js\na/**/*.js\n" }, ["a/b/d.log", "b/x.js", "d e/x.js"]],
    [{ ".gitignore": "d e\nb/\n" }, ["a/x.js"]],
    [{ ".gitignore": "*.js\n", "a/.gitignore": "!x.js\n" }, ["a/b/d.log", "a/x.js"]],
    [{ ".gitignore": "*\n!*/\n!*.log\n", "a/b/.gitignore": "/d.log\n!c.js\n" }, ["a/b/c.js"]],
    [{ "d e/.gitignore": "x.js   \n", ".gitignore": "[!a]/\r\n" }, ["a/x.js"]],
    [{ ".gitignore": "\ufeffb\n\\!a\n?.js\n" }, []],
  ];
  for (const [index, [rules, kept]] of cases.entries()) {
    const tree = { ...filesOf(paths.join("\n"), "\n"), ...rules };
    assert.deepEqual(await chosen(join(dir, String(index)), tree), kept, JSON.stringify(rules));
  }
});

inDirectory(
  "readme, licence, description and entry points are taken although they are ignored",
  async (dir) => {
    const tree = {
      ...filesOf("README.md LICENSE.txt dist/index.js dist/other.js cli.js src/a.js readme~"),
      "package.json": JSON.stringify({
        ...named,
        main: "./dist/index.js",
        bin: { hello: "cli.js" },
      }),
      ".npmignore": "dist/\ncli.js\n*.md\nLICENSE*\npackage.json\nreadme~\n",
    };
    assert.deepEqual(await chosen(dir, tree), [
      ...["LICENSE.txt", "README.md", "cli.js", "dist/index.js", "package.json", "src/a.js"],
    ]);
  },
);

const project = filesOf(
  "a.js src/a.js src/b.ts src/deep/c.js packages/p/lib/x.js README.md LICENSE CHANGELOG.md .env " +
    "foo a/foo a/x.txt dist/i.js dist/i.js.map dist/test/t.js dist/.npmrc package-lock.json",
);

inDirectory("`files` of package.json chooses as npm does", async (dir) => {
  // Each expected list was compared with `npm pack --dry-run`, which adds README.md, LICENSE and
  // package.json.
  const cases: [files: string[], chosen: string][] = [
    [["dist"], "dist/i.js dist/i.js.map dist/test/t.js"],
    [["./dist/*"], "dist/i.js dist/i.js.map dist/test/t.js"],
    [["dist", "!dist/*.map"], "dist/i.js dist/test/t.js"],
    [["dist", "!**/*.map", "!test/"], "dist/i.js"],
    [["dist", "!dist/test"], "dist/i.js dist/i.js.map"],
    [["!dist/i.js", "dist"], "dist/i.js.map dist/test/t.js"],
    [["dist/!(*.map)"], "dist/i.js"],
    [["*.js"], "a.js"],
    [["/src/*.js"], "src/a.js"],
    [["src/**/*.{js,mjs}"], "src/a.js src/deep/c.js"],
    [["**/*.js", "!src"], "a.js dist/i.js dist/test/t.js packages/p/lib/x.js"],
    [["packages/*/lib"], ""],
    [["**/lib/*"], "packages/p/lib/x.js"],
    [["foo", ".env"], ".env foo"],
    [["DIST"], ""],
    [[], ""],
  ];
  await writeTree(dir, { ...project, ".npmignore": "*\n", ".gitignore": "*\n" });
  for (const [files, expected] of cases) {
    const tree = { "package.json": JSON.stringify({ ...named, files }) };
    const all = [...expected.split(" "), "LICENSE", "README.md", "package.json"].filter(Boolean);
    assert.deepEqual(await chosen(dir, tree), all.sort(), JSON.stringify(files));
  }
});

inDirectory(
  "ignore files below the root apply within `files`, except to a file that it names",
  async (dir) => {
    const files = ["dist", "src/b.ts"];
    assert.deepEqual(
      await chosen(dir, {
        ...project,
        "package.json": JSON.stringify({ ...named, files }),
        "dist/.npmignore": "*.map\n",
        "src/.gitignore": "*\n",
      }),
      ["LICENSE", "README.md", "dist/i.js", "dist/test/t.js", "package.json", "src/b.ts"],
    );
  },
);

inDirectory("`publish` of deno.json chooses as deno publish does", async (dir) => {
  const tree = filesOf(
    "mod.ts src/a.ts src/b.test.ts src/deep/c.ts dist/i.js dist/j.js x/.hidden LICENSE README.md " +
      "build/out/x.js build/out/k/y.js build/out/m.map build/z.js src/m.map",
  );
  // Each expected list was compared with `deno publish --dry-run`, which adds deno.json and LICENSE.
  const cases: [publish: Record<string, string[]>, chosen: string][] = [
    [{ include: ["src", "mod.ts"] }, "mod.ts src/a.ts src/b.test.ts"],
    [{ include: ["mod.ts", "dist"] }, "dist/i.js dist/j.js mod.ts"],
    [{ include: ["mod.ts", "dist/i.js"] }, "dist/i.js mod.ts"],
    [{ include: ["mod.ts", "dist/*.js"] }, "mod.ts"],
    [{ include: ["**/*.ts"] }, "mod.ts src/a.ts src/b.test.ts"],
    [{ include: ["mod.ts", "*.{ts,md}", "nothere", "SRC", "x/*", "s*"] }, "mod.ts"],
    [{ include: ["mod.ts", "x", "build/out"] }, "build/out/k/y.js build/out/x.js mod.ts x/.hidden"],
    [{ include: ["mod.ts", "src", "!src/a.ts"] }, "mod.ts src/b.test.ts"],
    [{ include: ["mod.ts", "src/**"], exclude: ["src/a.ts"] }, "mod.ts src/b.test.ts"],
    [{ exclude: ["**/*.test.ts", "**/deep", "R*"] }, "mod.ts src/a.ts x/.hidden"],
    [
      { exclude: ["!dist/i.js", "src"] },
      "README.md dist/i.js mod.ts x/.hidden",
    ],
    [{ exclude: ["src", "!src/a.ts"] }, "README.md mod.ts src/a.ts x/.hidden"],
    [
      { exclude: ["!build/out"] },
      "README.md build/out/k/y.js build/out/m.map build/out/x.js mod.ts src/a.ts src/b.test.ts " +
      "x/.hidden",
    ],
    [{ exclude: ["!**/*.map", "x"] }, "README.md mod.ts src/a.ts src/b.test.ts src/m.map"],
  ];
  await writeTree(dir, { ...tree, ".gitignore": "dist\nsrc/deep\nbuild/\n*.map\n" });
  for (const [publish, expected] of cases) {
    const told = { "deno.json": JSON.stringify({ ...named, publish }) };
    const all = [...expected.split(" "), "LICENSE", "deno.json"].sort();
    // Skip the paths for which the result of `deno publish` depends on the order of its directory walk.
    const found = (await chosen(dir, told)).filter((path) =>
      publish.exclude?.[0] !== "!**/*.map" ||
      !path.startsWith("build/")
    );
    assert.deepEqual(found, all, JSON.stringify(publish));
  }
});

const noLists: [fileName: string, json: Record<string, unknown>, says: RegExp][] = [
  ["package.json", { files: "dist" }, /: files: it has to be a list of paths\./],
  ["package.json", { files: { a: "dist" } }, /: files: it has to be a list of paths\./],
  ["package.json", { files: ["a", 1] }, /: files\.1: it has to be a path\./],
  ["deno.json", { exclude: "x" }, /: exclude: it has to be a list of paths\./],
  [
    "deno.json",
    { publish: { include: "src" } },
    /: publish\.include: it has to be a list of paths\./,
  ],
  [
    "deno.json",
    { publish: { exclude: "x" } },
    /: publish\.exclude: it has to be a list of paths\./,
  ],
  ["deno.json", { publish: { include: [1] } }, /: publish\.include\.0: it has to be a path\./],
  ["deno.json", { publish: ["src"] }, /: publish: it has to be true, false or an object with/],
  ["deno.jsonc", { publish: "src" }, /: publish: it has to be true, false or an object with/],
];
for (const [fileName, json, says] of noLists) {
  inDirectory(
    `${fileName} with ${
      JSON.stringify(json)
    } is refused: the member is named, and what it has to be`,
    async (dir) => {
      await writeTree(dir, {
        "package.json": JSON.stringify(named),
        [fileName]: JSON.stringify({ ...named, ...json }),
      });
      const { message } = await refusal(select(dir), "METADATA_INVALID");
      assert(message.includes(fileName), message);
      assert.match(message, says);
    },
  );
}

inDirectory(
  "rules that leave only a description are refused with their name",
  async (dir) => {
    const check = async (tree: Tree) => {
      await writeTree(dir, tree);
      refuseUnpackable(await select(dir), defaultArchiveLimits);
    };
    const described = { "package.json": JSON.stringify(named), "README.md": "hello" };
    await check({ ...described, ...filesOf("node_modules/x/i.js .npmrc package-lock.json") });
    await check({ ".gitignore": "node_modules\n" });
    const stale = await refusal(
      check({ "a.js": "a", ".libreseedignore": "*\n" }),
      "PACKAGE_EMPTY",
    );
    assert.match(
      stale.message,
      /README\.md, package\.json would go into hello@1\.0\.0.*\.libreseedignore/,
    );
    await check({ ".libreseedignore": "*\n!a.js\n" });
    const files = await refusal(
      check({ "package.json": JSON.stringify({ ...named, files: ["dist"] }) }),
      "PACKAGE_EMPTY",
    );
    assert.match(files.message, /`files` of package\.json/);
    await check({ "package.json": JSON.stringify({ ...named, files: [] }) });
  },
);

inDirectory(
  "a .libreseedignore beside `files` is named, since it has no effect",
  async (dir) => {
    await writeTree(dir, {
      "package.json": JSON.stringify({ ...named, files: ["a.js"] }),
      ...filesOf("a.js .libreseedignore"),
    });
    assert.equal((await select(dir)).unusedIgnoreFile, ".libreseedignore");
    await Deno.rename(join(dir, ".libreseedignore"), join(dir, ".npmignore"));
    assert.equal((await select(dir)).unusedIgnoreFile, undefined);
  },
);

inDirectory("dependencies of npm are named, unless libreseed's are there, too", async (dir) => {
  const dependencies = { "left-pad": "^1", "@s/x": "file:../x" };
  const cases: [fields: Record<string, unknown>, expected: string[]][] = [
    [{ dependencies }, ["left-pad", "@s/x"]],
    [{ dependencies: {} }, []],
    [{ dependencies: "none" }, []],
    [{ dependencies: ["a"] }, []],
    [{ devDependencies: dependencies }, []],
    [{ dependencies, libreseed: {} }, ["left-pad", "@s/x"]],
    [{ dependencies, libreseed: { dependencies: {} } }, []],
  ];
  for (const [fields, expected] of cases) {
    const json = JSON.stringify({ ...named, ...fields });
    await writeTree(dir, { "package.json": json, "a.js": "a" });
    assert.deepEqual((await select(dir)).unreadDependencies, expected, json);
  }
});

inDirectory("a selection answers whether it would take a path that does not exist", async (dir) => {
  await writeTree(dir, { "a.js": "a", ".gitignore": "*.log\n/build/\n" });
  const { takes } = await select(dir);
  const answers = ["a.js", "b/c.js", "x.log", "build/x", "b/build/x", "node_modules/x/y", ".npmrc"];
  assert.deepEqual(answers.map(takes), [true, true, false, false, true, false, false]);
});

inDirectory("packing takes the selection, and reports it before it writes", async (dir) => {
  let told: string[] = [];
  const tree = { ...filesOf("a.js secret.txt node_modules/x/i.js"), ".npmignore": "secret.txt" };
  const packed = await packIn(dir, tree, {
    onSelected({ files }) {
      told = files.map(({ path }) => path);
      assert.deepEqual([...Deno.readDirSync(join(dir, "out"))], []);
    },
  });
  assert.deepEqual(told, ["a.js"]);
  assert.deepEqual(Object.keys(packed.full.files), told);
  assert.deepEqual(packed.skipped, [".npmignore", "node_modules", "secret.txt"]);
});
