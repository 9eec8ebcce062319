/**
 * What crosses the control socket between a command and the host of its home: the operations with their
 * schemas, client and server, the home and its lock.
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
