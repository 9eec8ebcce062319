/**
 * The control socket between a command and the host process of its home. The host is the one
 * process that owns the home's engine; it is the daemon or a command. Other commands of the same
 * user borrow the engine through `control.sock`.
 *
 * - `operations.ts` is the table of operations. A row has the schemas of request, result and
 *   events, and flags such as `get` or `daemonOnly`. A new operation needs a row, a method of the
 *   host (`src/host`) and a caller. Start reading here.
 * - `answers.ts` and `detail_answers.ts` contain the types of results.
 * - `json.ts` converts bytes and signed items to base64 and back. The operations themselves take
 *   and return the same values on both sides of the socket, and in a command that is its own host.
 * - `client.ts` implements `Operations` over a socket, and `server.ts` serves them. Both loop over
 *   the table. `request.ts` validates each request in the server, and `invalid.ts` says why one is
 *   refused.
 * - `liveness.ts` distinguishes a hung host from a busy one. `restarting_server.ts` restarts a
 *   server after the process ran out of file descriptors.
 * - `http_token.ts` has the token of the HTTP API, which `src/host/http` serves. `private_file.ts` reads
 *   files with secrets, if nobody else may read them.
 * - `problems.ts` says the problems of a home in words, and `record_label.ts` names records.
 * - `home.ts`, `home_lock.ts` and `ownership.ts` contain the paths of a home's files, the lock that
 *   makes a process the host, and the checks of the socket's owner.
 *
 * `src/host` implements the operations, and decides whether a command borrows an engine or becomes
 * the host. Section 10 of `docs/protocol.md` documents the protocol.
 *
 * @module
 */

export { connectControl } from "./client.ts";
export { ControlError, named } from "./errors.ts";
export { ensureHome, homePaths } from "./home.ts";
export { ensureHttpToken, newHttpToken, readHttpToken } from "./http_token.ts";
export { isHomeFree, lockHolder, tryLockHome } from "./home_lock.ts";
export { describeInvalid } from "./invalid.ts";
export { toJson } from "./json.ts";
export { NO_NODE_KNOWN, noPeers } from "./no_peers.ts";
export type {
  Announced,
  AnnouncingJson,
  Downloaded,
  FamilyStatus,
  Indexed,
  LeftJson,
  NetworkJson,
  PackageJson,
  PeerCount,
  PrefixProgress,
  RangesRead,
  RecordJson,
  RecordName,
  ReloadedJson,
  SettingJson,
  StatusJson,
  UnmirroredJson,
  WebhookJson,
} from "./answers.ts";
export type * from "./detail_answers.ts";
export {
  type CallOptions,
  type OperationName,
  operationNames,
  type Operations,
  type RequestOf,
} from "./operations.ts";
export { isStrangers, ownUid } from "./ownership.ts";
export { readPrivateFile } from "./private_file.ts";
export { problemsOf, type ProblemSource, type RevokedUse } from "./problems.ts";
export { MAX_LOG_LINES } from "./observing_operations.ts";
export { labelOf } from "./record_label.ts";
export { rowOf } from "./request.ts";
export { type ControlServer, serveControl } from "./server.ts";
