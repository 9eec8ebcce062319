import assert from "node:assert/strict";
import { concatBytes, parseHttpHead, utf8 } from "../../../src/base/mod.ts";
import { extentOf, ResponseReader } from "../../../src/gate/response.ts";

const order = { url: "http://example.org/", first: 2, last: 5 };
const ranged = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-5/9\r\n";

/** Reads a whole response that arrives in parts of a length. */
async function read(text: string, wanted = order, partBytes = 1): Promise<string> {
  async function* parts() {
    const bytes = utf8(text);
    for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
  }
  const reader = new ResponseReader(parts());
  const head = await reader.head();
  const extent = extentOf(head, wanted);
  const body: Uint8Array[] = [];
  for await (const bytes of reader.body(head, extent, wanted.last - wanted.first + 1)) {
    body.push(bytes.slice());
  }
  return new TextDecoder().decode(concatBytes(...body));
}

for (const partBytes of [1, 3, 1_000]) {
  Deno.test(`a range is read with and without chunks, in parts of ${partBytes} bytes`, async () => {
    const [whole, first] = [{ ...order, first: 0 }, "HTTP/1.0 200 OK\r\n"];
    const texts: [string, typeof order, string][] = [
      [`${ranged}Content-Length: 4\r\n\r\nabcdrest`, order, "abcd"],
      [`${ranged}\r\nabcd`, order, "abcd"],
      [`HTTP/1.1 103 Early\r\nLink: x\r\n\r\n${ranged}\r\nabcd`, order, "abcd"],
      [
        `${ranged}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n03;x=y\r\nbcd\r\n0\r\n\r\n`,
        order,
        "abcd",
      ],
      [`${first}Content-Length: 9\r\n\r\n123456789`, whole, "123456"],
      [`${first}Content-Length: 3\r\n\r\n123`, whole, "123"],
      [`${first}\r\n12345`, whole, "12345"],
    ];
    for (const [text, wanted, expected] of texts) {
      assert.equal(await read(text, wanted, partBytes), expected, text);
    }
  });
}

Deno.test("a response that breaks HTTP or is not the wanted range is refused with its code", async () => {
  const cases: [string, string][] = [
    ["HTTP/1.1 200 OK\r\n\r\nx", "RANGES_UNSUPPORTED"],
    ["HTTP/1.1 416 No\r\n\r\n", "HTTP_STATUS"],
    ["HTTP/1.1 404 No\r\n\r\n", "HTTP_STATUS"],
    ["HTTP/2 206 No\r\n\r\n", "BAD_RESPONSE"],
    ["", "BAD_RESPONSE"],
    [`${ranged}\r\nabc`, "BAD_RESPONSE"],
    [`${ranged}bad line\r\n\r\nabcd`, "BAD_RESPONSE"],
    [`${ranged} folded\r\n\r\nabcd`, "BAD_RESPONSE"],
    [`${ranged}Content-Length: 5\r\n\r\nabcde`, "BAD_RESPONSE"],
    [`${ranged}Content-Length: 4\r\nContent-Length: 3\r\n\r\nabcd`, "BAD_RESPONSE"],
    [`${ranged}Content-Encoding: gzip\r\n\r\nabcd`, "BAD_RESPONSE"],
    [`${ranged}Transfer-Encoding: gzip, chunked\r\n\r\nabcd`, "BAD_RESPONSE"],
    [
      `${ranged}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n4\r\nabcd\r\n`,
      "BAD_RESPONSE",
    ],
    [`${ranged}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`, "BAD_RESPONSE"],
    [`${ranged}Transfer-Encoding: chunked\r\n\r\n2\r\nabX\r\n2\r\ncd\r\n`, "BAD_RESPONSE"],
    [`${ranged}Transfer-Encoding: chunked\r\n\r\n-1\r\n`, "BAD_RESPONSE"],
    [ranged.replace("2-5", "1-4") + "\r\nabcd", "BAD_RESPONSE"],
    [ranged.replace("2-5", "2-6") + "\r\nabcde", "BAD_RESPONSE"],
    [`HTTP/1.1 206 x\r\nContent-Type: multipart/byteranges\r\n\r\n`, "BAD_RESPONSE"],
    [`${ranged}X: ${"x".repeat(20_000)}\r\n\r\nabcd`, "BAD_RESPONSE"],
    ["HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000), "BAD_RESPONSE"],
  ];
  for (const [text, code] of cases) {
    await assert.rejects(read(text, order, 1_000), { code }, text.slice(0, 200));
  }
});

Deno.test("the lengths of the range and of the file are returned", () => {
  const extent = (text: string, first: number) =>
    extentOf(parseHttpHead(text, TypeError), { ...order, first });
  assert.deepEqual(extent(ranged.trimEnd(), 2), { lengthBytes: 4, totalBytes: 9 });
  assert.deepEqual(extent("HTTP/1.1 206 x\r\nContent-Range: bytes 2-3/*", 2), { lengthBytes: 2 });
  assert.deepEqual(extent("HTTP/1.1 200 x\r\nContent-Length: 3", 0), {
    ...{ lengthBytes: 3, totalBytes: 3 },
  });
});
