/**
 * The demo of the dashboard: a testnet and three homes on this machine, a publisher, a mirror and a
 * reader, with packages and downloads. Prints the addresses of the dashboards, and runs until Ctrl-C; with
 * `--once`, it ends when everything has happened once. It leaves no files or processes.
 */

import { parseScriptArgs } from "./arguments.ts";
import { DashboardDemo } from "./dashboard_demo/mod.ts";

if (import.meta.main) {
  const { values } = parseScriptArgs({ options: { once: { type: "boolean" } } });
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => ended.abort());
  }
  const demo = new DashboardDemo((line) => console.log(line), ended.signal);
  let exitCode = 0;
  try {
    await demo.start();
    for (const { name, origin } of demo.homes) console.log(`${name}: ${origin}/`);
    console.log(values.once ? "Ready." : "Ready. Ctrl-C ends the demo.");
    if (!values.once) await demo.run();
  } catch (error) {
    if (!ended.signal.aborted) {
      console.error(`dashboard-demo: ${(error as Error).message}`);
      exitCode = 1;
    }
  } finally {
    await demo[Symbol.asyncDispose]();
  }
  Deno.exit(exitCode);
}
