import assert from "node:assert/strict";
import fc from "fast-check";
import { ArraySplitter, parseArray, Slices } from "../../../../src/dashboard/listing/mod.ts";

const idle = { now: () => 0, pause: () => Promise.resolve() };

async function* parts(text: string, length: number): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += length) {
    yield await Promise.resolve(text.slice(start, start + length));
  }
}

function parsed(text: string, length = 7): Promise<unknown[]> {
  return parseArray(parts(text, length), new Slices(idle));
}

Deno.test("any array is read as JSON.parse reads it, cut at any place", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.json()), fc.integer({ min: 1, max: 9 }), async (items, length) => {
      const text = `[${items.join(" ,\n")}]`;
      assert.deepEqual(await parsed(text, length), JSON.parse(text));
    }),
  );
});

Deno.test("quotes, backslashes and brackets inside of texts are no structure", async () => {
  const items = ['a"],[', "\\", '\\"', "}{", { 'k"]': ["]", "\\\\"] }];
  const text = JSON.stringify(items, null, 1);
  for (let length = 1; length < 12; length++) assert.deepEqual(await parsed(text, length), items);
});

Deno.test("what is no array, or ends too early, is an error", async () => {
  const broken = [
    "",
    "{}",
    '"a"',
    "[1",
    "[1,",
    '["a',
    "[1,]",
    "[,1]",
    "[1]]",
    "[1] 2",
    "[1}",
    "[{]",
  ];
  for (const text of broken) {
    await assert.rejects(parsed(text, 1), SyntaxError, text);
    await assert.rejects(parsed(text, 100), SyntaxError, text);
  }
});

Deno.test("reading many elements yields between slices", async () => {
  let [looks, pauses] = [0, 0];
  const clock = { now: () => 5 * looks++, pause: () => Promise.resolve(void pauses++) };
  const text = JSON.stringify(Array.from({ length: 1000 }, (_, id) => ({ id })));
  assert.equal((await parseArray(parts(text, text.length), new Slices(clock))).length, 1000);
  assert(pauses >= 300, `${pauses} pauses`);
});

Deno.test("an element is returned as soon as it is complete", () => {
  const splitter = new ArraySplitter();
  assert.deepEqual(splitter.push('[{"a":1},{"b"'), ['{"a":1}']);
  assert.deepEqual(splitter.push(":2}"), []);
  assert.deepEqual(splitter.push("]"), ['{"b":2}']);
  assert(splitter.ended);
});
