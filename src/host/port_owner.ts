/**
 * Names the process that uses the port in the error `TCP_PORT_IN_USE`.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { LauncherRequests } from "../launcher/mod.ts";
import { HostError } from "./errors.ts";

/**
 * Throws an error again, and adds the process that uses the port if the error is `TCP_PORT_IN_USE`.
 *
 * @param find finds the process that listens on a port
 */
export async function namePortOwner(
  error: unknown,
  port: number,
  find: LauncherRequests["findPortOwner"],
): Promise<never> {
  if (!(error instanceof LibreseedError) || error.code !== "TCP_PORT_IN_USE") throw error;
  const owner = await find(port);
  if (!owner) throw error;
  throw new HostError(
    error.kind,
    error.code,
    `TCP port ${port} is taken by ${owner.program} (process ${owner.pid}). Choose another with --port, or end that program`,
    { cause: error, detail: { port, ...owner } },
  );
}
