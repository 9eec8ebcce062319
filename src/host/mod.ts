/**
 * The process that owns a home's engine: the daemon, or one command for as long as it runs.
 *
 * @module
 */

export { resolveBootstrap } from "./bootstrap.ts";
export { runDaemon } from "./daemon.ts";
export { type NodeHandle, openNode } from "./node.ts";
export { findPortOwner } from "./port_owner.ts";
export { askDhtClock, describeClock, refreshFollow, usedNames } from "./records/mod.ts";
export { describeEntry, limitsOf } from "./seeding/mod.ts";
