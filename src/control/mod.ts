/**
 * The control socket between a command and the host of its home. One process at a time is the host: it
 * owns the home's engine, whether it is the daemon or a command. Other commands of the same user borrow
 * the engine through `control.sock`.
 *
 * - `operations.ts` is the table of operations. A row has the schemas of request, result and events, and
 *   flags such as `get` or `daemonOnly`. To add an operation, add a row, a method of the host (`src/host`)
 *   and its caller. Start reading here.
 * - `answers.ts` has the types of results.
 * - `json.ts` is the edge where bytes and signed items become base64. On both sides of the socket, and in a
 *   command that is its own host, an operation takes and returns the same values.
 * - `client.ts` makes an `Operations` object of a socket, `server.ts` serves one; both loop over the table.
 *   `request.ts` validates each request, once, in the server.
 * - `liveness.ts` tells a hung host from a busy one; `restarting_server.ts` keeps a server going after the
 *   process ran out of file descriptors.
 * - `home.ts`, `home_lock.ts` and `ownership.ts` have the files of a home, the lock that makes a process the
 *   host, and the checks of who owns the socket.
 *
 * The operations themselves, and the choice between borrowing and becoming the host, are in `src/host`. The
 * documented protocol is in section 10 of `docs/protocol.md`.
 *
 * @module
 */

export { connectControl } from "./client.ts";
export { ControlError, named } from "./errors.ts";
export { ensureHome, homePaths } from "./home.ts";
export { isHomeFree, lockHolder, tryLockHome } from "./home_lock.ts";
export { noPeers } from "./no_peers.ts";
export type {
  Announced,
  Downloaded,
  Indexed,
  NetworkJson,
  PackageJson,
  RecordJson,
  RecordName,
  ReloadedJson,
  SettingJson,
  StatusJson,
  UnmirroredJson,
} from "./answers.ts";
export {
  type CallOptions,
  type OperationName,
  operationNames,
  type Operations,
  type RequestOf,
} from "./operations.ts";
export { isStrangers, ownUid } from "./ownership.ts";
export { rowOf } from "./request.ts";
export { type ControlServer, serveControl } from "./server.ts";
