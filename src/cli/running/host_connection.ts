/**
 * Connects commands to the host of a home, if it may have one.
 *
 * @module
 */

import type { connectControl } from "../../control/mod.ts";
import { homePaths } from "../../base/mod.ts";

/**
 * Connects to the host of a home as `connectControl` does. The room of the control socket is loaded
 * only if there is a socket, because most commands run in a home without a host.
 */
export async function connectHost(
  ...[home, options]: Parameters<typeof connectControl>
): ReturnType<typeof connectControl> {
  // On Windows, connecting finds out whether a host serves the socket.
  const mayHaveHost = Deno.build.os === "windows" ||
    await Deno.lstat(homePaths(home).control).then(() => true, () => false);
  if (!mayHaveHost) return undefined;
  const { connectControl } = await import("../../control/mod.ts");
  return await connectControl(home, options);
}
