/**
 * The query for security advisories, against a local registry that implements npm's bulk format.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { askForAdvisories } from "../../../scripts/audit/advisories.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Queries a fake registry that returns the given answer. Returns the outcome, the printed text, and
 * the names of the queried packages.
 */
async function ask(answer: () => Response) {
  const asked: Record<string, string[]>[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname !== "/-/npm/v1/security/advisories/bulk") {
        return new Response(null, { status: 404 });
      }
      asked.push(await request.json());
      return answer();
    },
  );
  const registry = `http://127.0.0.1:${server.addr.port}/`;
  return { asked, ...await askForAdvisories(root, { NPM_CONFIG_REGISTRY: registry }) };
}

Deno.test("the query covers every package of the lock file", async () => {
  const { outcome, asked } = await ask(() => Response.json({}));
  assert.equal(outcome, "none");
  const { npm } = JSON.parse(await Deno.readTextFile(`${root}deno.lock`));
  const pairs = asked.flatMap((one) => Object.entries(one))
    .flatMap(([name, versions]) => versions.map((version) => `${name}@${version}`));
  // In the lock file, the key of a package ends, after an underscore, with the peer packages with
  // which it was resolved.
  const locked = Object.keys(npm).map((key) => key.replace(/(?<=@\d[^_]*)_.*$/, ""));
  assert.deepEqual([...new Set(pairs)].sort(), [...new Set(locked)].sort());
});

Deno.test("an advisory for a package is shown", async () => {
  const { outcome, text } = await ask(() =>
    Response.json({
      bencode: [{
        id: 1,
        url: "https://example.org/flaw",
        title: "a flaw",
        severity: "high",
        vulnerable_versions: "<99.0.0",
        cwe: ["CWE-20"],
        cvss: { score: 7.5, vectorString: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" },
      }],
    })
  );
  assert.equal(outcome, "found");
  for (const part of ["a flaw", "bencode", "<99.0.0", "high"]) assert(text.includes(part), text);
});

Deno.test("a refusal, an error or an invalid answer of the registry does not count as no advisories", async () => {
  for (
    const answer of [
      () => new Response(null, { status: 405 }),
      () => new Response("later", { status: 503 }),
      () => new Response("<html>welcome</html>"),
      () => Response.json(["surprise"]),
    ]
  ) {
    const { outcome, asked, text } = await ask(answer);
    assert.deepEqual([outcome, asked.length > 0], ["unknown", true], text);
    assert(text.length > 0);
  }
});
