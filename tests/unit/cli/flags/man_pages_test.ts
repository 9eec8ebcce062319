/**
 * Manual pages: completeness, escaping, and what man and groff make of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { commands } from "../../../../src/cli/commands/table.ts";
import type { CommandDefinition } from "../../../../src/cli/flags/command.ts";
import { writtenFlag } from "../../../../src/cli/flags/common_flags.ts";
import { type ManPage, manPages, roffText } from "../../../../src/cli/flags/man_pages.ts";
import { exitCodes } from "../../../../src/cli/process/exit_codes.ts";
import { settingDefinitions, variableOf } from "../../../../src/config/mod.ts";
import { isInstalled } from "../../../support/installed.ts";

const loaded = await Promise.all(commands.map(async (entry) => {
  return { entry, definition: (await entry.load()).default };
}));
const pages = manPages(loaded);

const awkward: CommandDefinition = {
  description: ".dots at the start\n'quotes' \\fBnot bold\\fR \\n(xx\n  .TH in an example",
  examples: ["libreseed get 'it''s' --flag \\ ."],
  home: "unused",
  parameters: {
    flags: {
      out: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: ".so /etc/passwd",
        placeholder: "'A",
      },
    },
  },
  ownFlags: ["out"],
  run: () => {},
};
const odd = manPages([{
  entry: { name: "odd", brief: ".sp 'a' – \"b\" ~ ^ `c` \\e" },
  definition: awkward,
}]);

/** Runs a program with a page as its input, and returns its output. */
async function typeset(program: string, args: string[], { text }: ManPage, width = 80) {
  const file = await Deno.makeTempFile({ suffix: ".1" });
  try {
    await Deno.writeTextFile(file, text);
    const env = { MANWIDTH: String(width), MANPAGER: "cat", LC_ALL: "C.UTF-8" };
    const { stdout, stderr, success } = await new Deno.Command(program, {
      args: [...args, file],
      env,
    }).output();
    const decoder = new TextDecoder();
    const out = decoder.decode(stdout);
    return { out, err: decoder.decode(stderr), success };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("the page of libreseed names every command, setting and exit code", () => {
  const { text } = pages[0]!;
  for (const { name, brief } of commands) {
    assert(text.includes(`\\fB${name}\\fR`) && text.includes(roffText(brief)), name);
  }
  for (const { key } of settingDefinitions) {
    assert(text.includes(`\\fB${variableOf(key)}\\fR`), key);
  }
  for (const code of Object.values(exitCodes)) assert(text.includes(`.TP\n\\fB${code}\\fR\n`));
  assert.match(text, /HOME\/config\.yaml/);
});

Deno.test("the page of a command names its arguments, and exactly the flags that help shows", () => {
  for (const [i, { entry: { name }, definition: { parameters } }] of loaded.entries()) {
    const { file, text } = pages[i + 1]!;
    assert.equal(file, `libreseed-${name}.1`);
    const tags = [...text.matchAll(/^\.TP\n(.*\\fB\\-\\-.*)$/gm)].map(([, tag]) => tag!);
    const named = tags.map((tag) => tag.replaceAll("\\-", "-").match(/\\fB--([a-z\d-]+)\\fR/)![1]!);
    const flags = Object.entries(parameters.flags ?? {}).filter(([, { hidden }]) => !hidden)
      .map(([flag]) => writtenFlag(flag));
    assert.deepEqual(named.sort(), [...flags, "help"].sort(), name);
  }
});

Deno.test("no text can become a request, whatever it begins with", () => {
  assert.equal(roffText(".so x\n'br\n  x"), "\\&.so x\n\\(aqbr\n\\&  x");
  assert.equal(roffText("a-b \\n…–"), "a\\-b \\(rsn...\\[u2013]");
  for (const { text } of [...pages, ...odd]) {
    for (const line of text.split("\n")) {
      assert.match(line, /^(?:\.(?:\\"|TH|SH|PP|TP|nf|fi|nh|ad)(?: |$)|[^.']|$)/, line);
      assert.match(line, /^[\x20-\x7e]*$/);
    }
  }
});

Deno.test({
  name: "groff finds no fault with any page (groff)",
  ignore: !isInstalled("groff"),
  async fn() {
    for (const device of ["utf8", "ascii"]) {
      // An ASCII terminal has no sign for the dash of the odd page, and groff says so.
      for (const page of device === "utf8" ? [...pages, ...odd] : pages) {
        const { err, success } = await typeset("groff", ["-man", "-ww", "-z", `-T${device}`], page);
        assert.deepEqual([success, err], [true, ""], page.file);
      }
    }
  },
});

Deno.test({
  name: "man shows the pages, with every word as it was (man)",
  ignore: !isInstalled("man"),
  async fn() {
    const show = async (page: ManPage) => {
      const { out, err, success } = await typeset("man", ["--warnings", "-l"], page, 200);
      assert.deepEqual([success, err], [true, ""], page.file);
      return out.replace(/\s+/g, " ");
    };
    const get = await show(pages.find(({ file }) => file === "libreseed-get.1")!);
    for (const part of ["libreseed-get - Download a package", "-o, --output DIR", "--no-dht"]) {
      assert(get.includes(part), part);
    }
    const shown = await show(odd[1]!);
    for (
      const part of [
        `libreseed-odd - .sp 'a' – "b" ~ ^ \`c\` \\e`,
        ".dots at the start",
        "'quotes' \\fBnot bold\\fR \\n(xx",
        ".TH in an example",
        "libreseed get 'it''s' --flag \\ .",
        "--out 'A .so /etc/passwd.",
      ]
    ) {
      assert(shown.includes(part), `${part}\n${shown}`);
    }
    await show(pages[0]!);
  },
});
