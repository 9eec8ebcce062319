/**
 * Preparation of a command line before its flags are parsed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { prepareArguments } from "../../../../src/cli/flags/arguments.ts";

function prepared(...raw: string[]) {
  return prepareArguments(raw).args;
}

function refuses(raw: string[], part: string): void {
  assert.throws(() => prepareArguments(raw), (error: Error) => {
    assert.equal((error as { code?: string }).code, "BAD_ARGUMENTS");
    assert(error.message.includes(part), error.message);
    return true;
  });
}

Deno.test("an ordinary command line is unchanged", () => {
  const raw = ["pack", "dir", "--name=a", "--version", "1.0.0", "-qv", "-o=x", "-", "a-b"];
  assert.deepEqual(prepareArguments(raw), { command: "pack", args: raw });
});

Deno.test("common flags before the command are moved behind it", () => {
  assert.deepEqual(prepared("--home", "/h", "pack", "d"), ["pack", "--home", "/h", "d"]);
  assert.deepEqual(prepared("--home=/h", "-v", "pack"), ["pack", "--home=/h", "-v"]);
  assert.deepEqual(prepared("-qv", "--json", "pack"), ["pack", "-qv", "--json"]);
  assert.deepEqual(prepared("--no-allow-local", "x"), ["x", "--no-allow-local"]);
  assert.deepEqual(prepared("--bootstrap", "a:1", "--bootstrap", "b:2", "x"), [
    ...["x", "--bootstrap", "a:1", "--bootstrap", "b:2"],
  ]);
});

Deno.test("--help before a command requests the command's help", () => {
  assert.deepEqual(prepared("--help", "pack"), ["pack", "--help"]);
  assert.deepEqual(prepared("-h"), ["-h"]);
});

Deno.test("--version means version, but only before a command", () => {
  assert.deepEqual(prepared("--version"), ["version"]);
  assert.deepEqual(prepared("-V", "-v"), ["version", "-v"]);
  assert.deepEqual(prepared("--json", "--version"), ["version", "--json"]);
  assert.deepEqual(prepared("pack", "--version", "1.2.3", "d"), [
    "pack",
    "--version",
    "1.2.3",
    "d",
  ]);
});

Deno.test("a flag that is not common is refused before the command", () => {
  for (
    const flag of ["--name", "--constructor", "-x", "-qx", "--no-home", "--no-port=3", "--null"]
  ) {
    refuses([flag, "pack"], flag);
  }
});

Deno.test("a flag before the command without its value is refused", () => {
  refuses(["--home"], "--home needs a value");
});

Deno.test("empty values and values of several lines reach their flag", () => {
  assert.deepEqual(prepared("x", "--bootstrap="), ["x", "--bootstrap", ""]);
  assert.deepEqual(prepared("x", "--name=a\nb"), ["x", "--name", "a\nb"]);
  assert.deepEqual(prepared("x", "--name=a=b"), ["x", "--name=a=b"]);
});

Deno.test("-0 is short for --null", () => {
  assert.deepEqual(prepared("publish", "-", "-0"), ["publish", "-", "--null"]);
});

Deno.test("text that looks like a flag is refused, with a hint to use --", () => {
  for (const argument of ["-1", "-o/tmp", "-é", "---x", "--é", "-x1", "--=", "-=", "-a b"]) {
    refuses(["verify", argument], JSON.stringify(argument));
    refuses(["verify", argument], "put -- before");
  }
});

Deno.test("arguments after -- are unchanged", () => {
  assert.deepEqual(prepared("verify", "-q", "--", "-1", "--home=", "-0", "--", "--help"), [
    ...["verify", "-q", "--", "-1", "--home=", "-0", "--", "--help"],
  ]);
  assert.deepEqual(prepared("--json", "verify", "--", "-x.tgz"), [
    "verify",
    "--json",
    "--",
    "-x.tgz",
  ]);
});

Deno.test("a command line without a command keeps only its flags", () => {
  assert.deepEqual(prepareArguments([]), { command: undefined, args: [] });
  assert.deepEqual(prepareArguments(["-v"]), { command: undefined, args: ["-v"] });
  refuses(["--", "pack"], "before --");
});
