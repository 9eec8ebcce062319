/**
 * Parses the config file: a flat YAML mapping from names to values. Returns the raw text and the
 * line number of each setting; `validate.ts` converts the text to a value. Never writes the file.
 *
 * @module
 */

import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { ConfigError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { explainMissingSetting } from "./missing_settings.ts";
import { settingDefinitions, type SettingKey } from "./settings.ts";
import type { SettingText } from "./validate.ts";

/** A setting in the config file: its unparsed text, and its position for error messages. */
export interface FileEntry {
  text: SettingText;
  /** Line number of the setting in the config file; the first line is 1. */
  line: number;
}

/** Maximum length of the config file, in UTF-16 code units. All settings together need far less. */
const maxConfigChars = 65_536;

/**
 * Parses the text of the config file and returns the raw text of each setting.
 *
 * @param source the text of the file
 * @param path the path of the file, for error messages
 * @throws {ConfigError} if `source` is not YAML or not a flat mapping of names to values (or lists
 * of values), or if a setting is unknown or set twice
 */
export function readConfigText(source: string, path: string): Map<SettingKey, FileEntry> {
  if (source.length > maxConfigChars) {
    throw new ConfigError(
      "usage",
      "CONFIG_TOO_LARGE",
      `${path} holds ${source.length} characters, more than the ${maxConfigChars} of any config`,
    );
  }
  const lines = new LineCounter();
  // YAML's failsafe schema converts no scalar, so `port: 0x1` and `dir: 2024` mean the same in the
  // file as in a flag.
  const document = parsed(source, path, {
    lineCounter: lines,
    schema: "failsafe",
    uniqueKeys: false,
    prettyErrors: false,
  });
  const fail = (offset: number, code: string, what: string): never => {
    const line = lines.linePos(offset).line;
    throw new ConfigError("usage", code, `${path}:${line}: ${what}`, { detail: { path, line } });
  };
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) fail(problem.pos[0], "CONFIG_NOT_YAML", problem.message);
  const entries = new Map<SettingKey, FileEntry>();
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === "")) return entries;
  if (!isMap<Node, Node>(root)) {
    return fail(root.range?.[0] ?? 0, "CONFIG_NOT_A_MAPPING", "write settings as `name: value`");
  }

  const scalarText = (node: unknown, key: string, offset: number): string => {
    if (!isScalar(node) || typeof node.value !== "string" || node.tag || node.anchor) {
      return fail(offset, "CONFIG_BAD_VALUE", `${key} takes a plain value`);
    }
    return node.value;
  };
  for (const pair of root.items) {
    const offset = pair.key.range?.[0] ?? 0;
    const key = scalarText(pair.key, "the name of a setting", offset);
    const definition = settingDefinitions.find((setting) => setting.key === key);
    if (!definition) {
      const guess = nearest(key, settingDefinitions.map((setting) => setting.key));
      const hint = explainMissingSetting(key) ??
        `there is no such setting${guess ? `; did you mean ${guess}?` : ""}`;
      return fail(offset, "UNKNOWN_SETTING", `${key}: ${hint}`);
    }
    if (definition.inFile === false) {
      fail(offset, "NOT_A_FILE_SETTING", `${key} cannot be set in a file that lies in it`);
    }
    const line = lines.linePos(offset).line;
    const earlier = entries.get(definition.key);
    if (earlier) {
      fail(offset, "DUPLICATE_SETTING", `${key} is set twice; first on line ${earlier.line}`);
    }
    const value = pair.value;
    if (isSeq(value)) {
      const items: readonly unknown[] = value.items;
      const texts = items.map((item) => scalarText(item, `each ${key}`, offset));
      entries.set(definition.key, { text: texts, line });
      continue;
    }
    const text = value === null ? "" : scalarText(value, key, offset);
    if (text === "") {
      fail(offset, "CONFIG_BAD_VALUE", `${key} has no value; give it one or remove the line`);
    }
    entries.set(definition.key, { text, line });
  }
  return entries;
}

/**
 * Parses YAML. The npm:yaml parser is recursive and has no depth limit, so deeply nested text
 * overflows the stack; the RangeError becomes a {@linkcode ConfigError}.
 */
function parsed(source: string, path: string, options: Parameters<typeof parseDocument>[1]) {
  try {
    return parseDocument(source, options);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `${path} is nested thousands of levels deep; settings need two`;
    throw new ConfigError("usage", "CONFIG_NOT_YAML", message, { cause, detail: { path } });
  }
}
