/**
 * The entry point of the command thread: runs one command line, and sends the exit code to the
 * launcher.
 *
 * @module
 */

// This import comes first, to confine the thread before it receives its first message.
import "./confined.ts";
import { nameDatabases } from "../confinement/mod.ts";
import { ThreadClient, type ThreadStart } from "../launcher/mod.ts";
import { threadIo } from "./process/thread_io.ts";
import { runCli } from "./run.ts";

declare const self: ConstructorParameters<typeof ThreadClient>[0];

addEventListener("message", async ({ data: start }: MessageEvent<ThreadStart>) => {
  nameDatabases(start.databases);
  const client = new ThreadClient(self);
  client.exit(await runCli(start.args, threadIo(start, client)));
}, { once: true });
