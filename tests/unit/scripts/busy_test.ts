import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryHome } from "../../support/mod.ts";

const script = fileURLToPath(new URL("../../../scripts/busy.ts", import.meta.url));
/** Processor time in milliseconds from which a thread counts as busy. */
const BUSY_MS = 40;

/** Starts `deno task busy` for a test file that contains one test with the given body. */
async function busy(directory: string, body: string): Promise<Deno.ChildProcess> {
  const path = join(directory, "one_test.ts");
  await Deno.writeTextFile(path, `Deno.test("one", async () => { ${body} });`);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", script, path],
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Returns the number of threads of a process that count as busy. */
function busyThreads(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].filter(({ name }) => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`);
    // Format of /proc/PID/task/TID/stat: `pid (name) state …`. The 12th and 13th field after the
    // name are processor time in ticks of 10 ms.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10 >= BUSY_MS;
  }).length;
}

Deno.test("the script exits with the exit code of its tests", async () => {
  await using home = await temporaryHome();
  for (const [body, code] of [["", 0], ["throw new Error('wrong');", 1]] as const) {
    const output = await (await busy(home.path, body)).output();
    assert.equal(output.code, code, new TextDecoder().decode(output.stdout));
  }
});

Deno.test({
  name: "the script ends its tests and its busy loops when it is terminated",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    const process = await busy(home.path, "console.log(`pid ${Deno.pid} `); for (;;);");
    let said = "";
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    while (!/pid \d+ /.test(said)) said += (await reader.read()).value;
    while (busyThreads(process.pid) < 4) await new Promise((go) => setTimeout(go, 20));
    process.kill("SIGTERM");
    assert.equal((await process.status).code, 143);
    // Read to the end of the stream: it ends when the test processes have closed it.
    while (!(await reader.read()).done);
  },
});
