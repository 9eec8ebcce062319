/**
 * Suggestions for misspelled commands and actions.
 *
 * @module
 */

import assert from "node:assert/strict";
import { commands, findCommand } from "../../../../src/cli/commands/table.ts";
import { explainWord, guessWord, knownWords } from "../../../../src/cli/flags/suggestions.ts";
import { runCli } from "../../../../src/cli/mod.ts";
import { fakeIo } from "../../../support/fake_io.ts";

const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
const dangerous = ["stop", "remove", "uninstall", "unfollow", "prune", "yank"];

async function refused(...args: string[]): Promise<string> {
  const io = fakeIo();
  assert.equal(await runCli(args, io), 2);
  return io.stderr.text;
}

/**
 * Generates misspellings of a word: a letter omitted, replaced or doubled, or two letters
 * exchanged.
 */
function* slips(word: string): Generator<string> {
  for (let i = 0; i < word.length; i++) {
    const [before, after] = [word.slice(0, i), word.slice(i + 1)];
    yield before + after;
    yield before + word[i] + word[i] + after;
    if (after) yield before + after[0] + word[i] + after.slice(1);
    for (const letter of "abcdefghijklmnopqrstuvwxyz") yield before + letter + after;
  }
}

Deno.test("a command that stops or deletes something is never suggested", () => {
  for (const name of [...names, "show", "top", "shop", "improve", "install", "follow"]) {
    for (const slip of slips(name)) {
      const guess = guessWord(slip, names);
      assert(guess === undefined || !dangerous.includes(guess), `${slip}: ${guess}`);
    }
  }
  assert.equal(guessWord("purn", ["list", "verify", "prune"]), undefined);
});

Deno.test("a mistyped command gets the nearest command as a suggestion", () => {
  assert.equal(guessWord("Publsih", names), "publish");
  assert.equal(guessWord("verfy", names), "verify");
  assert.equal(guessWord("xyzzy", names), undefined);
});

Deno.test("commands of other tools get a hint to the libreseed command", async () => {
  const words = [
    ...["inspect", "show", "update", "bump", "retract", "download", "ls", "rm", "init", "login"],
    ...["unpublish", "view", "whoami", "push", "pull", "ci", "config", "restart"],
  ];
  for (const word of words) {
    const text = await refused(word);
    assert(text.startsWith(`libreseed: unknown command "${word}": `), text);
    assert(!text.includes("did you mean"), text);
  }
  assert.match(await refused("show"), /libreseed status NAME.*libreseed info NAME/);
  assert.match(await refused("retract"), /cannot be withdrawn/);
  assert.match(await refused("LOGIN"), /libreseed keygen/);
  assert.match(await refused("constructor"), /^libreseed: unknown command "constructor" \(see/);
});

Deno.test("hints name existing commands, and no command has a hint", () => {
  const words = knownWords();
  assert(words.length > 60, `${words.length} words`);
  for (const word of words) {
    assert.equal(findCommand(word), undefined, `${word} is a command`);
    for (const [, command] of explainWord(word)!.matchAll(/libreseed ([a-z]+)/g)) {
      assert(findCommand(command!), `${word}: libreseed ${command}`);
    }
  }
});

Deno.test("a destructive action is never suggested for a mistyped action", async () => {
  const text = await refused("store", "prun");
  assert(text.includes("expected list, verify or prune") && !text.includes("did you mean"), text);
  assert.match(await refused("store", "verfy"), /did you mean verify\?/);
});
