import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { descendants } from "../../../scripts/bench/process_tree.ts";

const module = new URL("../../../scripts/bench/process_tree.ts", import.meta.url).href;
/** A program that starts a grandchild process and prints the process ids. */
const program = `
  const { descendants, killDescendantsOnSignal } = await import("${module}");
  killDescendantsOnSignal();
  new Deno.Command("sh", { args: ["-c", "sleep 600 & wait"], stdout: "null" }).spawn();
  while (descendants(Deno.pid).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  console.log(descendants(Deno.pid).join(" "));
`;

Deno.test({
  name: "SIGTERM to a benchmark ends its children and grandchildren",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      stdout: "piped",
    }).spawn();
    const reader = process.stdout.getReader();
    const { value } = await reader.read();
    const started = new TextDecoder().decode(value).trim().split(" ");
    assert.equal(started.length, 2);
    process.kill("SIGTERM");
    assert.equal((await process.status).code, 143);
    await reader.cancel();
    // The init process that adopts a killed process may take a moment to reap it.
    while (started.some((pid) => isRunning(pid))) await new Promise((go) => setTimeout(go, 5));
  },
});

function isRunning(pid: string): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) [ZX] /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
}

Deno.test("a process without children has no descendants", () => {
  assert.deepEqual(descendants(2 ** 30), []);
});
