import assert from "node:assert/strict";
import { isArchiveFileName } from "../../../src/base/mod.ts";
import { archiveFileName, minimalFileName, torrentFileName } from "../../../src/package/mod.ts";
import { isValidVersion } from "../../../src/package/mod.ts";

Deno.test("every file name that the rules for packages give is that of an archive", () => {
  const names = ["a", "0", "a.b-c_d", "a-1.0.0", "@s/p", "a".repeat(64), `@${"s".repeat(64)}/p-1`];
  const versions = [
    ...["0.0.0", "1.2.3", "10.20.30", "1.0.0-rc.1", "1.0.0-0.a.-", "1.0.0-x-y-z.--"],
    `1.0.0-${"a".repeat(58)}`,
    `${Number.MAX_SAFE_INTEGER}.0.0`,
  ];
  for (const name of names) {
    for (const version of versions) {
      const archive = archiveFileName(name, version);
      for (const one of [archive, minimalFileName(archive), torrentFileName(archive)]) {
        assert(isArchiveFileName(one), one);
      }
    }
  }
});

Deno.test("a name whose version the rules refuse is not that of an archive", () => {
  const versions = ["1", "1.0", "01.0.0", "1.0.0-01", "1.0.0-", "1.0.0-a..b", "1.0.0+b", "v1.0.0"];
  for (const version of [...versions, `1.0.0-${"a".repeat(59)}`, "1.0.0-ä", " 1.0.0"]) {
    assert(!isValidVersion(version), version);
    assert(!isArchiveFileName(`tool-${version}.tgz`), version);
  }
});
