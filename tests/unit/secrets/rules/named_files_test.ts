/**
 * Recognizing files with credentials by name: first by a substring, then by a regular expression.
 */

import assert from "node:assert/strict";
import { namedFiles, namedFilesOf } from "../../../../src/secrets/rules/named_files.ts";

/**
 * Generates paths that a regular expression matches: each alternative, with and without each
 * optional part.
 */
function pathsOf(source: string): string[] {
  let at = 0;
  function alternatives(): string[] {
    const all = sequence();
    while (source[at] === "|") {
      at++;
      all.push(...sequence());
    }
    return all;
  }
  function sequence(): string[] {
    let texts = [""];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") {
      let parts = atom();
      const quantifier = /^(?:[?*+]|\{\d+,\d+\})/.exec(source.slice(at))?.[0];
      at += quantifier?.length ?? 0;
      if (quantifier === "?" || quantifier === "*") parts = ["", ...parts];
      texts = texts.flatMap((text) => parts.map((part) => text + part));
    }
    return texts;
  }
  function atom(): string[] {
    const char = source[at++]!;
    if (char === "^" || char === "$") return [""];
    if (char === "\\") return [source[at++]!];
    if (char === "(") {
      if (source.startsWith("?:", at)) at += 2;
      const all = alternatives();
      at++;
      return all;
    }
    if (char !== "[") return [char];
    const end = source.indexOf("]", at);
    const inside = source.slice(at, end);
    at = end + 1;
    if (inside.startsWith("^")) return ["q"];
    return [inside.startsWith("\\w") ? "q" : inside.replace("\\", "")[0]!];
  }
  return alternatives();
}

Deno.test("every path that an expression matches contains one of its hints", () => {
  for (const { kind, path, hints } of namedFiles) {
    const paths = pathsOf(path.source);
    assert(paths.length > 0);
    for (const one of paths) {
      assert.match(one, path, `${kind}: ${one} is no path of it`);
      const hasHint = hints.split(" ").some((hint) => one.toLowerCase().includes(hint));
      assert(hasHint, `${kind}: ${one}`);
    }
  }
});

Deno.test("a path belongs to every kind whose expression matches it, in upper and lower case", () => {
  const kinds = (path: string) => namedFilesOf(path).map(({ kind }) => kind);
  assert.deepEqual(kinds("a/b/.ENV"), [".env with values"]);
  assert.deepEqual(kinds("keys/id.PPK"), ["key store"]);
  assert.deepEqual(kinds("deploy/auth.json"), ["registry credential", "Composer credential"]);
  assert.deepEqual(kinds("config/index.txt"), []);
  assert.deepEqual(kinds("src/keyboard.ts"), []);
});
