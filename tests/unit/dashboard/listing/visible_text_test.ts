import assert from "node:assert/strict";
import fc from "fast-check";
import { visibleLines, visibleText } from "../../../../src/dashboard/listing/mod.ts";

Deno.test("characters that turn the direction of text are shown as their number", () => {
  assert.equal(visibleText("a\u202Egnp.exe"), "a⟨U+202E⟩gnp.exe");
  for (const code of [0x61c, 0x200e, 0x200f, 0x202a, 0x202d, 0x2066, 0x2069]) {
    const shown = visibleText(`x${String.fromCodePoint(code)}y`);
    assert.equal(shown, `x⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩y`);
  }
});

Deno.test("controls, zero-width characters, tags and lone surrogates are shown as their number", () => {
  assert.equal(visibleText("a\u0000b\u001bc\u0085"), "a⟨U+0000⟩b⟨U+001B⟩c⟨U+0085⟩");
  assert.equal(visibleText("pay\u200Bpal\uFEFF"), "pay⟨U+200B⟩pal⟨U+FEFF⟩");
  assert.equal(visibleText("a\u{E0041}b\uD800c\u2800"), "a⟨U+E0041⟩b⟨U+D800⟩c⟨U+2800⟩");
  assert.equal(visibleText("one\ntwo"), "one⟨U+000A⟩two");
});

Deno.test("ordinary texts of all scripts stay as they are", () => {
  const texts = [
    "left-pad",
    "día größe",
    "日本語",
    "עברית",
    "العربية",
    "می\u200Cخواهم",
    "👩\u200D🚀",
    "e\u0301",
  ];
  for (const text of texts) assert.equal(visibleText(text), text);
});

Deno.test("a joiner between plain letters is shown, because it makes two names look alike", () => {
  assert.equal(visibleText("left\u200Dpad"), "left⟨U+200D⟩pad");
  assert.equal(visibleText("\u200Cé"), "⟨U+200C⟩é");
});

Deno.test("a tower of combining marks is cut", () => {
  assert.equal(visibleText(`Z${"\u0301".repeat(500)}!`), `Z${"\u0301".repeat(3)}!`);
});

Deno.test("long texts are cut, not inside a character", () => {
  assert.equal(visibleText("a".repeat(100), 10), `${"a".repeat(10)}…`);
  assert.equal(visibleText(`${"a".repeat(9)}👩👩`, 10), `${"a".repeat(9)}…`);
  assert.equal(visibleText("short", 10), "short");
});

Deno.test("several lines keep their breaks, and nothing else that is hidden", () => {
  assert.equal(visibleLines("a\r\nb\n\n\n\n\nc\u202Ed"), "a\nb\n\nc⟨U+202E⟩d");
});

Deno.test("no shown text has a hidden character, whatever came", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const shown = visibleText(text);
    assert.doesNotMatch(shown.replace(/[\u200C\u200D]/g, ""), /[\p{Cc}\p{Cf}\p{Cs}]/u);
  }));
});
