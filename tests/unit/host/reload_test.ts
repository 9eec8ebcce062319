/**
 * Applying changed settings while the daemon runs.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type LoadedSettings,
  loadSettings,
  settingDefinitions,
  type Settings,
} from "../../../src/config/mod.ts";
import { mergeOrigins, mergeSettings } from "../../../src/host/reload.ts";

type Origins = LoadedSettings["origins"];

async function defaults(): Promise<Settings> {
  const { values } = await loadSettings({
    ...{ flags: {}, env: {}, cwd: "/", userHome: "/home/x" },
    readFile: () => Promise.resolve(undefined),
  });
  return values;
}

Deno.test("reload with equal settings changes nothing", async () => {
  const settings = await defaults();
  const merged = mergeSettings(settings, structuredClone(settings));
  assert.deepEqual(merged, {
    ...{ merged: settings, changed: [], needRestart: [], perCommand: [] },
  });
});

Deno.test("reload takes over changeable settings and names those that need a restart", async () => {
  const before = await defaults();
  const after: Settings = {
    ...before,
    port: 7_000,
    bootstrap: [{ host: "a.example", port: 1 }],
    http: { host: "127.0.0.1", port: 80 },
    minNodes: 3,
    watch: "poll",
    uploadBytesPerSecond: 10,
  };
  const { merged, changed, needRestart } = mergeSettings(before, after);
  assert.deepEqual(changed, ["min-nodes", "upload-limit", "watch"]);
  assert.deepEqual(needRestart, ["port", "bootstrap", "http"]);
  assert.deepEqual(merged, {
    ...before,
    ...{ minNodes: 3, watch: "poll", uploadBytesPerSecond: 10 },
  });
});

Deno.test("a setting that went back to its default is a change", async () => {
  const settings = await defaults();
  const { merged, changed } = mergeSettings({ ...settings, minNodes: 3 }, settings);
  assert.deepEqual([changed, merged.minNodes], [["min-nodes"], settings.minNodes]);
});

Deno.test("each setting is reported in the group that the table of settings gives it", async () => {
  const before = await defaults();
  for (const { key, property, takesEffect } of settingDefinitions) {
    const { merged, ...named } = mergeSettings(before, { ...before, [property]: "other" });
    const lists = { changed: [], needRestart: [], perCommand: [] };
    const list = { reload: "changed", start: "needRestart", command: "perCommand" }[takesEffect];
    assert.deepEqual(named, { ...lists, [list]: [key] });
    assert.deepEqual(merged[property], takesEffect === "start" ? before[property] : "other", key);
  }
});

Deno.test("a setting that needs a restart keeps its origin, the others get the new one", () => {
  const at = (where: string) => ({ source: "file", where }) as const;
  const before = { port: at("config.yaml:1"), dht: at("config.yaml:2") } as Origins;
  const after = { port: at("config.yaml:8"), dht: at("config.yaml:9") } as Origins;
  assert.deepEqual(mergeOrigins(before, after, ["port"]), {
    port: at("config.yaml:1"),
    dht: at("config.yaml:9"),
  });
});
