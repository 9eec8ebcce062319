/**
 * The launcher: the code of the process's main thread. It starts the threads that do a command's
 * work, each with exactly the permissions that the command needs, and it carries out the few
 * requests that no permission can express. The launcher parses no bytes of strangers.
 *
 * - `requests.ts`: the closed set of requests of the command thread.
 * - `engine_permissions.ts` lists what the engine's thread may touch, `engine_thread.ts` starts it, and
 *   `engine_slot.ts` gives a command its one engine.
 * - `command_line.ts` scans the command line by the syntax in `command_table.ts`.
 * - `grants.ts` lists what a command's thread may touch: the needs of each command are in
 *   `command_needs.ts`.
 * - `links.ts` checks and makes symbolic links.
 * - `stdin_paths.ts` reads the paths on standard input, and `roots.ts` those of projects.
 * - `launch.ts` runs a command line; the program's entry point `main.ts` loads it.
 * - `command_thread.ts` starts the command's thread and answers its requests, and
 *   `helper_threads.ts` starts the threads that compress, hash and write files for it.
 * - `local_requests.ts` carries the requests out.
 * - `keys.ts` opens the publisher's key, and signs statements with it.
 * - `placing.ts` gives finished files their names in the user's directory.
 * - `sweeping.ts` removes what killed processes left in such a directory.
 * - `engine_gate.ts` starts the gate when the engine's thread needs it.
 * - `router_access.ts` tells both threads of the home router, and `gateway.ts` asks the program `ip`
 *   for the default gateway.
 * - `address_watch.ts` watches the addresses of this machine, and `binding_watch.ts` those to which
 *   the sockets of both threads are bound.
 * - `local_network.ts` decides whether a process uses the home router and the local network.
 * - `port_owner.ts` asks the program `ss` which process listens on a port.
 *
 * Left to other rooms: every command, and every check of packages and records. Start reading in
 * `requests.ts`.
 *
 * @module
 */

export { type EngineOptions, enginePermissions, publicRanges } from "./engine_permissions.ts";
export { type CommandLine, scanCommandLine } from "./command_line.ts";
export { needsRoots, readsPaths } from "./command_needs.ts";
export { grantsFor } from "./grants.ts";
export type { Grant, GrantFacts, Grants } from "./grants_types.ts";
export { LauncherError } from "./errors.ts";
export type { HomeExamination } from "./home_examination.ts";
export { type HomeLink, linksAtStart } from "./home_links.ts";
export { localRequests } from "./local_requests.ts";
export type {
  EngineThread,
  HelperFiles,
  HelperThread,
  HostAddress,
  KeyExamination,
  LauncherRequests,
  PortOwner,
  SigningKeyFacts,
} from "./requests.ts";
export type {
  EndSignal,
  FromEngine,
  FromThread,
  MachineAddresses,
  ThreadStart,
  ToEngine,
  ToThread,
} from "./messages.ts";
export { mapsPort, usesLan } from "./local_network.ts";
export { MAX_STDIN_BYTES, MAX_STDIN_PATHS } from "./stdin_paths.ts";
export { ThreadClient, type ThreadScope } from "./thread_client.ts";
export { homeDirectory } from "./user_home.ts";
