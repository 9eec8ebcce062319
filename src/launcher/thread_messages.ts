/**
 * Checks the messages of the command thread. A stranger may have taken that thread over, so a
 * message may have any form that can be cloned. `granted_requests.ts` decides which requests the
 * thread may send.
 *
 * @module
 */

import type { Statement } from "../identity/mod.ts";
import type { GoodArchives, KnownElsewhere } from "../keys/mod.ts";
import { LauncherError } from "./errors.ts";
import type { AnsweredRequest, FromThread } from "./messages.ts";
import type { HelperFiles, LauncherRequests } from "./requests.ts";

/** Maximum length of a path, in UTF-16 units. No operating system allows longer paths. */
const MAX_PATH = 65_536;
/** The largest exit code that a process can have. */
const MAX_EXIT_CODE = 255;
/** Maximum number of files that a helper may read, and of those that it may write. */
const MAX_FILES = 2;
/** Number of properties of the largest statement, with its `kind`. */
const MAX_PROPERTIES = 6;

/** Maximum length of an order to change keys, as JSON in UTF-16 units: a path and some names. */
const MAX_ORDER = 70_000;
/** Maximum length of the state in a backup, bytes. */
const MAX_STATE = 256 * 2 ** 20;
/** Maximum length of a serialised record, bytes. */
const MAX_RECORD = 2_048;
/** Maximum number of publisher records that a command knows of its identity: a record revokes 8 keys. */
const MAX_RECORDS = 16;
/** Maximum length of an infohash or of the hash of an archive, bytes. */
const HASH_BYTES = 32;
/** Maximum number of good archives that a publisher record holds. */
const MAX_HASHES = 16;

/** A request as it arrives: neither its name nor its arguments are checked. */
export interface RawRequest {
  kind: "request";
  id: number;
  name: unknown;
  args: unknown;
}

/** Returns a message of the command thread; `undefined` for a message that no command sends. */
export function readThreadMessage(
  data: unknown,
): Exclude<FromThread, { kind: "request" }> | RawRequest | undefined {
  if (!isObject(data)) return undefined;
  const { kind } = data;
  switch (kind) {
    case "request": {
      const { id, name, args } = data;
      return isId(id) ? { kind, id, name, args } : undefined;
    }
    case "start-engine":
    case "open-webhook":
      return data.port instanceof MessagePort ? { kind, port: data.port } : undefined;
    case "start-helper": {
      const { id, port } = data;
      const files = readFiles(data.files);
      return isId(id) && files && port instanceof MessagePort
        ? { kind, id, files, port }
        : undefined;
    }
    case "end-helper":
      return isId(data.id) ? { kind, id: data.id } : undefined;
    case "hear": {
      const { what } = data;
      return what === "end" || what === "hang-up" ? { kind, what } : undefined;
    }
    case "exit": {
      const { code } = data;
      return isId(code) && code <= MAX_EXIT_CODE ? { kind, code } : undefined;
    }
    case "end-engine":
    case "heard":
      return { kind };
  }
  return undefined;
}

type Check = (value: unknown) => boolean;

const isSwitch: Check = (value) => value === undefined || typeof value === "boolean";
const isPath: Check = (value) =>
  typeof value === "string" && value.length <= MAX_PATH && value.startsWith(ROOT) &&
  !value.includes("\0") && value.isWellFormed();
const isState: Check = (value) => value === undefined || isBytes(value, MAX_STATE);
const isTarget: Check = (value) =>
  typeof value === "string" && value.length <= MAX_PATH && !value.includes("\0");
const isPort: Check = (value) => isId(value) && value >= 1 && value <= 65_535;

/**
 * The beginning of every absolute path. Empty on Windows, where absolute paths have several forms.
 */
const ROOT = Deno.build.os === "windows" ? "" : "/";

/** Returns a copy of the files of a helper; `undefined` if a value is of another form. */
function readFiles(value: unknown): HelperFiles | undefined {
  if (!isObject(value)) return undefined;
  const [read, write] = [value.read, value.write].map((paths) =>
    Array.isArray(paths) && paths.length <= MAX_FILES && paths.every(isPath)
      ? [...paths]
      : undefined
  );
  return read && write && { read, write };
}

/** The arguments of each request. */
const shapes: ReadonlyMap<string, readonly Check[]> = new Map(
  Object.entries(
    {
      signingKey: [isPath, isSwitch],
      sign: [isPath, isStatement],
      createKey: [isPath],
      createIdentity: [isPath, isOrder],
      rootKey: [isPath, isOrder],
      changeKeys: [isPath, isOrder, isKnown],
      changeKeyFiles: [isPath, isOrder, isState],
      openBackup: [isPath, isOrder],
      restoreKeys: [isPath, isOrder],
      keyFacts: [isPath],
      examineKey: [isPath],
      examineHome: [isPath, isPath],
      makeLink: [isTarget, isPath],
      placeFile: [isPath, isPath, isSwitch],
      describe: [isPath],
      findPortOwner: [isPort],
      findBinding: [isTarget],
      networkAddresses: [],
      settle: [],
    } satisfies Record<AnsweredRequest, readonly Check[]>,
  ),
);

/** Carries out a request by its name and arguments, as the thread sent them. */
export async function carryOut(
  requests: Pick<LauncherRequests, AnsweredRequest>,
  { name, args }: Pick<RawRequest, "name" | "args">,
): Promise<unknown> {
  const checks = typeof name === "string" ? shapes.get(name) : undefined;
  const isValid = checks && Array.isArray(args) && args.length <= checks.length &&
    checks.every((check, index) => check(args[index]));
  if (!isValid) {
    throw new LauncherError(
      "failed",
      "NOT_GRANTED",
      "A command asked for something in a form that is unknown. This is a fault of libreseed: report it",
    );
  }
  const request = requests[name as AnsweredRequest] as (...args: unknown[]) => Promise<unknown>;
  return await request(...args);
}

/**
 * Whether a value may be a statement: an object with few properties. Bytes in shared memory are
 * refused, because the thread could change them between check and signature. `src/identity` checks
 * the rest.
 */
function isStatement(value: unknown): value is Statement {
  if (!isObject(value)) return false;
  const parts = Object.values(value);
  return parts.length <= MAX_PROPERTIES &&
    parts.every((part) =>
      ["string", "number", "undefined"].includes(typeof part) ||
      part instanceof Uint8Array && part.buffer instanceof ArrayBuffer
    );
}

/**
 * Whether a value may be an order to change keys: an object of a few kilobytes. It is only compared
 * with the order that the launcher has read itself.
 */
function isOrder(value: unknown): boolean {
  try {
    return isObject(value) && JSON.stringify(value).length <= MAX_ORDER;
  } catch {
    return false;
  }
}

/** Whether a value may be what a command knows of a publisher: records, and hashes of archives. */
function isKnown(value: unknown): value is KnownElsewhere {
  if (!isObject(value)) return false;
  const { seen, good, ...others } = value;
  return Object.keys(others).length === 0 && (seen === undefined || areRecords(seen)) &&
    (good === undefined || isGood(good));
}

function areRecords(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_RECORDS &&
    value.every((one) => isBytes(one, MAX_RECORD));
}

function isGood(value: unknown): value is GoodArchives {
  if (!isObject(value)) return false;
  const { hashes, list, ...others } = value;
  return Object.keys(others).length === 0 && (list === undefined || isBytes(list, HASH_BYTES)) &&
    Array.isArray(hashes) && hashes.length <= MAX_HASHES &&
    hashes.every((hash) => isBytes(hash, HASH_BYTES));
}

/** Whether a value is bytes that the thread cannot change any more. */
function isBytes(value: unknown, maxBytes: number): boolean {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer &&
    value.length <= maxBytes;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Whether a value is an integer of at least 0. */
function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
