/**
 * The host: the process that owns a home's engine. It is the daemon (`libreseed seed`), or a command that
 * found no daemon and is the host until it ends.
 *
 * - `node.ts` has `openNode`, which gives a command its engine: borrowed through the control socket, or an
 *   own host. Start reading here.
 * - `daemon.ts` orders the start and the end of the daemon.
 * - `host.ts` wires the parts of a host and implements the operations of the control socket
 *   (`src/control`); `options.ts` has its options.
 * - `thread/` is the handle of the worker thread, `records/` keeps records alive, `seeding/` seeds the seed
 *   directory, `http/` serves the monitoring page.
 * - `bootstrap.ts` looks up bootstrap nodes, `reload.ts` merges new settings, `permissions.ts` revokes
 *   permissions of a ready daemon; `ip_versions.ts`, `memory.ts` and `port_owner.ts` look at the machine.
 *
 * The engine itself runs in the worker (`src/worker`). Packing, signing and verifying downloads are done by
 * commands (`src/publishing`, `src/fetching`).
 *
 * @module
 */

export { resolveBootstrap } from "./bootstrap.ts";
export { runDaemon } from "./daemon.ts";
export { type NodeHandle, openNode } from "./node.ts";
export { findPortOwner } from "./port_owner.ts";
export { askDhtClock, describeClock, refreshFollow, usedNames } from "./records/mod.ts";
export { describeEntry } from "./seeding/mod.ts";
