/**
 * What a request on the control socket may look like. Only the owner of the home can open the
 * socket, but a request may still come from another version of the program, or from a hand.
 *
 * @module
 */

import * as v from "valibot";
import { ControlError } from "./errors.ts";

const hex = (bytes: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)));
const anyHex = (maxBytes: number) =>
  v.pipe(v.string(), v.maxLength(maxBytes * 2), v.regex(/^([0-9a-f]{2})*$/));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

const item = v.strictObject({
  publicKey: hex(32),
  salt: anyHex(64),
  seq: count,
  value: anyHex(1000),
  signature: hex(64),
});

/** The shape of each operation's request. */
const requestSchemas = {
  status: v.strictObject({}),
  list: v.strictObject({}),
  add: v.strictObject({ fileName: text }),
  addCatalog: v.strictObject({ fileName: text, announce: v.optional(v.boolean()) }),
  remove: v.strictObject({ name: text, version: text, publicKey: v.optional(hex(32)) }),
  lookUp: v.strictObject({ publicKey: hex(32), salt: anyHex(64) }),
  keptItem: v.strictObject({ publicKey: hex(32), salt: anyHex(64) }),
  store: v.strictObject({
    item,
    record: v.strictObject({
      kind: v.picklist(["manifest", "announce", "name-index", "other"]),
      name: v.optional(text),
      version: v.optional(text),
    }),
    foreign: v.optional(v.boolean()),
    later: v.optional(v.boolean()),
  }),
  nameEntry: v.strictObject({ name: text, publicKey: hex(32) }),
  indexName: v.strictObject({
    name: text,
    entry: v.strictObject({
      publicKey: hex(32),
      version: text,
      firstSeenMs: count,
      timestampMs: count,
      signature: hex(64),
    }),
    later: v.optional(v.boolean()),
  }),
  countPeers: v.strictObject({ infoHash: hex(20) }),
  announce: v.strictObject({
    packages: v.array(v.strictObject({ name: text, version: v.optional(text) })),
  }),
  download: v.strictObject({
    infoHash: hex(20),
    lengthBytes: v.optional(count),
    maxBytes: count,
    peers: v.optional(v.array(v.pipe(v.string(), v.maxLength(64)))),
    torrent: v.optional(v.string()),
  }),
  followed: v.strictObject({}),
  records: v.strictObject({}),
  settings: v.strictObject({}),
  reload: v.strictObject({}),
  stop: v.strictObject({}),
};

/** The name of an operation on the control socket. */
export type OperationName = keyof typeof requestSchemas;

/** The names of all operations. */
export const operationNames = Object.keys(requestSchemas) as OperationName[];

/** Whether `name` is an operation. */
export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(requestSchemas, name);
}

/**
 * Checks a request.
 *
 * @throws {ControlError} `CONTROL_REQUEST` naming the member that is wrong
 */
export function parseRequest<Name extends OperationName>(
  name: Name,
  body: unknown,
): v.InferOutput<(typeof requestSchemas)[Name]> {
  // To valibot an array is an object too.
  const result = v.safeParse(requestSchemas[name], Array.isArray(body) ? undefined : body);
  if (result.success) return result.output as never;
  const [issue] = result.issues;
  const path = v.getDotPath(issue as never);
  throw new ControlError(
    "usage",
    "CONTROL_REQUEST",
    `The request "${name}" is not valid${path ? ` at "${path}"` : ""}: ${issue.message}`,
  );
}
