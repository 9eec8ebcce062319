/** Tests the strict reader of XML. */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import { MAX_XML_BYTES, readXml } from "../../../src/router/xml.ts";

const REFUSED = { code: "ROUTER_ANSWER" };

Deno.test("XML is read without namespaces, attributes and comments", () => {
  const text =
    '<?xml version="1.0"?>\n<!-- <x> --><a:b c="1" d=\'>\'>\n t <e/><f> &lt;&#65;&#x42; ' +
    "</f><![CDATA[<raw>]]></a:b>\n";
  assert.deepEqual(readXml(utf8(text)), {
    name: "b",
    text: "t <raw>",
    children: [{ name: "e", text: "", children: [] }, { name: "f", text: "<AB", children: [] }],
  });
});

Deno.test("an ampersand that begins no reference is kept", () => {
  const text = "<a>AT&T &unknown; &amp;lt; &constructor; &#0; &#x110000;</a>";
  assert.equal(readXml(utf8(text)).text, "AT&T &unknown; &lt; &constructor; &#0; &#x110000;");
});

Deno.test("XML that is not well-formed, or exceeds a limit, is refused", () => {
  for (
    const text of [
      "",
      "text",
      "<a>",
      "<a></b>",
      "</a>",
      "<a/><b/>",
      "<a/>text",
      "<a b></a>",
      "<a b=c></a>",
      "<1/>",
      "<a",
      "<!-- x",
      "<a><![CDATA[",
      "<!DOCTYPE a><a/>",
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      "<a>".repeat(33) + "</a>".repeat(33),
      `<a>${"<b/>".repeat(4_000)}</a>`,
      `<a>${"x".repeat(MAX_XML_BYTES)}</a>`,
    ]
  ) assert.throws(() => readXml(utf8(text)), REFUSED, text.slice(0, 40));
  assert.throws(() => readXml(Uint8Array.of(60, 97, 62, 0xff)), REFUSED);
});
