import assert from "node:assert/strict";
import { assetOf } from "../../../../src/host/http/assets.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("the page is given out, compressed only for those who accept it", async () => {
  const plain = await assetOf("/");
  assert.match(text(plain!.bytes), /^<!DOCTYPE html>/i);
  assert.equal(plain!.contentType, "text/html; charset=utf-8");
  assert.equal(plain!.encoding, undefined);
  for (const accepted of ["gzip, deflate, br", "GZIP;q=0.5", "*"]) {
    const packed = await assetOf("/", accepted);
    assert.equal(packed!.encoding, "gzip", accepted);
    assert.notEqual(packed!.etag, plain!.etag);
    const stream = new Blob([new Uint8Array(packed!.bytes)]).stream()
      .pipeThrough(new DecompressionStream("gzip"));
    assert.equal(await new Response(stream).text(), text(plain!.bytes));
  }
  for (const accepted of ["br", "gzip;q=0", "identity", "gzip; q=0.000", "gzip;q=0, *"]) {
    assert.equal((await assetOf("/", accepted))!.encoding, undefined, accepted);
  }
});

Deno.test("other paths have no file", async () => {
  for (const path of ["/nothing", "/index.html", "/__proto__", "/constructor", "", "//"]) {
    assert.equal(await assetOf(path), undefined, path);
  }
});

Deno.test("the page names only files that are given out, and holds no script of its own", async () => {
  const page = text((await assetOf("/"))!.bytes);
  const named = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, path]) => path!);
  assert(named.length >= 3);
  for (const path of named) assert(await assetOf(`/${path}`), path);
  assert.doesNotMatch(page, /<script(?![^>]* src=)|<style|\son\w+=|\sstyle=/i);
});
