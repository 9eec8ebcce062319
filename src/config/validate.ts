/**
 * Validates the text of a setting against its type and converts the text to a value. The source of
 * the text (flag, variable, file) makes no difference.
 *
 * @module
 */

import * as v from "valibot";
import {
  blockOf,
  formatAddress,
  type HostPort,
  isInBlock,
  isLocal,
  messageOf,
  parseAddress,
  readHostPort,
  resolvePath,
} from "../base/mod.ts";
import { parseDuration, parseHostPort, parseSize } from "./parse.ts";
import type { SettingType } from "./settings.ts";

/** The directories against which the paths in settings are resolved. */
export interface PathBase {
  /** Directory against which relative paths in settings are resolved; absolute. */
  directory: string;
  /**
   * Directory that replaces a leading `~`, absolute; `undefined` if the user has no home directory.
   */
  userHome: string | undefined;
}

/** The unparsed text of a setting; for a list setting, the texts of the items. */
export type SettingText = string | readonly string[];

const single = v.string("takes one value, not a list");

/** A validation step for npm:valibot that calls `parse` and reports a thrown error as an issue. */
function parsed<T>(parse: (text: string) => T) {
  return v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
    try {
      return parse(dataset.value);
    } catch (error) {
      addIssue({ message: messageOf(error) });
      return NEVER;
    }
  });
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function parseInteger(text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text.trim())) {
    throw new Error(`${quoted(text)} is not a whole number`);
  }
  return Number(text);
}

function parseBoolean(text: string): boolean {
  const lower = text.trim().toLowerCase();
  if (["true", "yes", "on", "1"].includes(lower)) return true;
  if (["false", "no", "off", "0"].includes(lower)) return false;
  throw new Error(`${quoted(text)} is neither true nor false`);
}

function parsePath(text: string, base: PathBase): string {
  if (text === "") throw new Error("is empty; name a directory");
  if (text.includes("\0")) throw new Error("holds a NUL character");
  if (text === "~" || text.startsWith("~/")) {
    if (base.userHome !== undefined) return resolvePath(base.userHome, `.${text.slice(1)}`);
    throw new Error("begins with ~, but this user has no home directory; write the whole path");
  }
  return resolvePath(base.directory, text);
}

/** Addresses that a socket cannot be bound to for good: unspecified, multicast, link-local of IPv6. */
const UNBINDABLE = ["0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8", "fe80::/10"].map(blockOf);
/** Maximum length of the name of a network interface, in UTF-16 units (IF_MAX_STRING_SIZE of Windows). */
const MAX_INTERFACE_NAME = 256;

/** Parses an IP address, or the name of a network interface. `off` means neither. */
function parseBinding(text: string): string | undefined {
  if (text === "off") return undefined;
  const address = parseAddress(text);
  if (address) {
    if (!UNBINDABLE.some((block) => isInBlock(block, address))) return formatAddress(address);
    throw new Error(
      `${quoted(text)} is not the address of one machine; write off for all addresses`,
    );
  }
  const isName = /^[^/\p{Cc}]+$/u.test(text) && !/^-|^[\d.]+$/.test(text);
  if (isName && text.length <= MAX_INTERFACE_NAME) {
    return text;
  }
  throw new Error(`${quoted(text)} is neither an IP address nor the name of a network interface`);
}

/** Parses a comma-separated list of `HOST:PORT`. `none` and an empty text mean the empty list. */
function parseHostPortList(text: string): HostPort[] {
  const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (parts.length === 1 && parts[0] === "none") return [];
  return parts.map((part) => parseHostPort(part));
}

/**
 * Parses a comma-separated list of hosts without ports. An IPv6 address may have brackets. `none`
 * and an empty text mean the empty list.
 */
function parseHostList(text: string): string[] {
  const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (parts.length === 1 && parts[0] === "none") return [];
  for (const part of parts) {
    // Append a port to the host, because `readHostPort` accepts only `HOST:PORT`.
    if ("expected" in readHostPort(`${part.replace(/^([^[]*:.*)$/, "[$1]")}:1`)) {
      throw new Error(`${quoted(part)} is no host: write a name or an address, without a port`);
    }
  }
  return parts.map((part) => part.toLowerCase());
}

/** Maximum length of a webhook's URL, in UTF-16 units, and of its host. */
const MAX_URL = 2_048;
const MAX_HOST = 253;

/**
 * Parses the URL of a webhook; `none` means that there is none. Without TLS anybody on the way reads the
 * message, so `http` needs an address of this machine or of a private network. Errors do not repeat the
 * path or the query, which are often secret: the log of a daemon has the errors of a reload.
 */
function parseWebUrl(text: string): string | undefined {
  if (text === "none") return undefined;
  const url = URL.parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol) || text.length > MAX_URL) {
    throw new Error("is not an https URL; write none for no webhook");
  }
  if (url.username !== "" || url.password !== "" || url.hash !== "") {
    throw new Error(
      "has a user name, a password or a fragment, which are not sent; leave them out",
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const address = parseAddress(host);
  if (host.length > MAX_HOST) throw new Error("has a host name that is too long");
  if (url.protocol === "http:" && !(address && isLocal(address))) {
    throw new Error(
      `${url.origin} is not encrypted; use https, or an address of this machine such as 127.0.0.1`,
    );
  }
  return url.href;
}

function schemaOf(type: SettingType, base: PathBase): v.GenericSchema<unknown, unknown> {
  switch (type.kind) {
    case "integer": {
      const range = ({ received }: { received: string }) =>
        `${received} is not from ${type.min} to ${type.max}`;
      return v.pipe(
        single,
        parsed(parseInteger),
        v.minValue(type.min, range),
        v.maxValue(type.max, range),
      );
    }
    case "duration":
      return v.pipe(
        single,
        parsed(parseDuration),
        v.minValue(type.minMs, `must be at least ${type.minMs / 1_000} s`),
        v.maxValue(type.maxMs, `must be at most ${type.maxMs / 1_000} s`),
      );
    case "size":
      return v.pipe(
        single,
        parsed(parseSize),
        v.minValue(type.minBytes, `must be at least ${type.minBytes} bytes`),
        v.maxValue(type.maxBytes, `must be at most ${type.maxBytes} bytes`),
      );
    case "boolean":
      return v.pipe(single, parsed(parseBoolean));
    case "choice":
      return v.pipe(
        single,
        v.picklist(
          type.values,
          (issue) => `${issue.received} is not one of ${type.values.join(", ")}`,
        ),
      );
    case "path":
      return v.pipe(single, parsed((text) => parsePath(text, base)));
    case "address":
      return v.pipe(
        single,
        parsed((text) => text === "off" ? undefined : parseHostPort(text, { allowPortZero: true })),
      );
    case "binding":
      return v.pipe(single, parsed(parseBinding));
    case "web-url":
      return v.pipe(single, parsed(parseWebUrl));
    case "host-port-list":
      return v.pipe(
        v.union([single, v.array(v.string())]),
        v.transform((text) => (typeof text === "string" ? text : text.join(","))),
        parsed(parseHostPortList),
      );
    case "host-list":
      return v.pipe(
        v.union([single, v.array(v.string())]),
        v.transform((text) => (typeof text === "string" ? text : text.join(","))),
        parsed(parseHostList),
      );
  }
}

/** Converts the text of a setting to its value, or returns the problem for an error message. */
export function validateSetting(
  type: SettingType,
  text: SettingText,
  base: PathBase,
): { value: unknown } | { problem: string } {
  const result = v.safeParse(schemaOf(type, base), text, { abortPipeEarly: true });
  return result.success ? { value: result.output } : { problem: result.issues[0].message };
}
