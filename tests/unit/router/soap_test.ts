/** Tests calls of SOAP and their answers. */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import { encodeCall, parseResult } from "../../../src/router/soap.ts";
import { readXml } from "../../../src/router/xml.ts";
import { envelope } from "../../support/fake_gateway_igd.ts";

const REFUSED = { code: "ROUTER_ANSWER" };

Deno.test("a SOAP call is encoded, and its answer is parsed", () => {
  const call = encodeCall("urn:type", "Act", { NewA: "<&>", NewB: 5 });
  const { name, children: [body] } = readXml(utf8(call));
  assert.equal(name, "Envelope");
  assert.deepEqual(body!.children[0]!.children, [
    { name: "NewA", text: "<&>", children: [] },
    { name: "NewB", text: "5", children: [] },
  ]);
  const answer = parseResult(
    utf8(envelope('<u:ActResponse xmlns:u="urn:type"><NewC>7</NewC></u:ActResponse>')),
    "Act",
  );
  assert.deepEqual(answer, { values: new Map([["NewC", "7"]]) });
  const fault = "<s:Fault><detail><UPnPError><errorCode>718</errorCode>" +
    "<errorDescription>Conflict</errorDescription></UPnPError></detail></s:Fault>";
  assert.deepEqual(parseResult(utf8(envelope(fault)), "Act"), {
    error: { code: 718, description: "Conflict" },
  });
  for (const content of ["", "<u:OtherResponse/>", "<s:Fault/>", fault.replace("718", "x")]) {
    assert.throws(() => parseResult(utf8(envelope(content)), "Act"), REFUSED, content);
  }
});
