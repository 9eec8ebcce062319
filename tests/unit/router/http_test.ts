/** Tests parsing of HTTP answers. */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import { parseHttp } from "../../../src/router/http.ts";

const REFUSED = { code: "ROUTER_ANSWER" };

Deno.test("an HTTP answer is read by its length, in chunks, or to the end", () => {
  const parse = (text: string, isEnd = false) => {
    const answer = parseHttp(utf8(text), isEnd);
    return answer && [answer.status, new TextDecoder().decode(answer.body)];
  };
  assert.deepEqual(parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc"), [200, "ab"]);
  assert.deepEqual(parse("HTTP/1.0 500 Error\r\n\r\nab", true), [500, "ab"]);
  assert.deepEqual(parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", true), [200, ""]);
  const chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=b\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
  assert.deepEqual(parse(chunked), [200, "abc"]);
  for (let length = 0; length < chunked.length - 3; length++) {
    assert.equal(parse(chunked.slice(0, length)), undefined, "waits for the rest");
  }
  assert.equal(parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"), undefined);
  for (
    const text of [
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
      "x".repeat(10_000),
    ]
  ) assert.throws(() => parse(text, true), REFUSED, text.slice(0, 60));
});
