/**
 * Tests which command lines need no thread of their own.
 */

import assert from "node:assert/strict";
import { needsNoThread, quickAnswer } from "../../../src/cli/quick.ts";

const lines = (texts: string[]) => texts.map((text) => text.split(" ").filter(Boolean));

Deno.test("command lines that print the program's own texts need no thread", () => {
  const own = ["", "help", "help get", "get --help", "--help-all", "-h", "get -H"];
  const pages = ["man", "man get", "man --all", "completions", "completions bash"];
  for (const args of lines([...own, ...pages])) assert(needsNoThread(args), args.join(" "));
});

Deno.test("all other command lines need a thread", () => {
  const others = [
    "list",
    "get help@1",
    "man --json",
    "man get --all",
    "man ../x",
    "help get --json",
  ];
  const wrong = ["completions --json", "completions bash zsh", "help help", "get --help --json"];
  for (const args of lines([...others, ...wrong])) assert(!needsNoThread(args), args.join(" "));
});

Deno.test("version alone has a quick answer", () => {
  assert.match(quickAnswer(["version"])!, /^libreseed \d+\.\d+\.\d+\S*\n$/);
  assert.equal(quickAnswer(["version", "--json"]), undefined);
});
