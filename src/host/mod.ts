/**
 * The host: the process that runs the torrent engine and the DHT nodes of a home directory. The host
 * is the daemon (`libreseed seed`). Without a daemon, a command becomes the host until the command
 * ends.
 *
 * - `node.ts` has `openNode`, which gives a command access to the engine: through the control socket of a
 *   running host, or by starting a host in the command's process. Start reading here.
 * - `daemon.ts` starts and stops the parts of the daemon in order.
 * - `host.ts` creates and connects the parts of a host, and implements the operations of the control
 *   socket (`src/control`); `options.ts` has the options of a host. `keepers.ts` creates the parts that
 *   decide what is announced, and `remove_package.ts` removes a package with its records.
 * - `thread/` is the handle of the worker thread, `records/` keeps records alive, `rendezvous/` answers the
 *   peers that ask at a rendezvous, `seeding/` seeds the seed directory, `http/` serves the monitoring
 *   page.
 * - `bootstrap.ts` resolves the names of bootstrap nodes, `reload.ts` merges new settings.
 * - `binding.ts`, `port_watch.ts` and `reachability_watch.ts` tell the user what has changed in the
 *   network. `ip_versions.ts`, `memory.ts` and `port_owner.ts` report facts about the process and the
 *   machine.
 *
 * The engine itself runs in the worker thread (`src/worker`). Commands pack, sign and verify archives
 * (`src/publishing`, `src/fetching`).
 *
 * @module
 */

export { resolveBootstrap } from "./bootstrap.ts";
export { runDaemon } from "./daemon.ts";
export { LogLines } from "./observing/mod.ts";
export { type NodeHandle, openNode } from "./node.ts";
export { askDhtClock, describeClock, followPublisher, usedNames } from "./records/mod.ts";
