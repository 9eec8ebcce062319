/**
 * What of new settings is taken over while the daemon runs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { loadSettings, settingDefinitions, type Settings } from "../../../src/config/mod.ts";
import { mergeSettings, tunable } from "../../../src/daemon/reload.ts";

async function defaults(): Promise<Settings> {
  const { values } = await loadSettings({
    ...{ flags: {}, env: {}, cwd: "/", userHome: "/home/x" },
    readFile: () => Promise.resolve(undefined),
  });
  return values;
}

Deno.test("settings that are the same change nothing", async () => {
  const settings = await defaults();
  const merged = mergeSettings(settings, structuredClone(settings));
  assert.deepEqual(merged, { merged: settings, changed: [], needRestart: [] });
});

Deno.test("what can change is taken over, what cannot keeps its value and is named", async () => {
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

Deno.test("a setting that went back to its default is a change like any other", async () => {
  const settings = await defaults();
  const { merged, changed } = mergeSettings({ ...settings, minNodes: 3 }, settings);
  assert.deepEqual([changed, merged.minNodes], [["min-nodes"], settings.minNodes]);
});

Deno.test("every setting is either taken over or named", async () => {
  const before = await defaults();
  for (const { key, property } of settingDefinitions) {
    const { changed, needRestart, merged } = mergeSettings(before, {
      ...before,
      [property]: "other",
    });
    assert.deepEqual([...changed, ...needRestart], [key]);
    const expected = changed.length > 0 ? "other" : before[property];
    assert.deepEqual(merged[property], expected, key);
  }
});

Deno.test("a limit of 0 is none", async () => {
  const settings = await defaults();
  const { uploadLimit, downloadLimit } = tunable({
    ...settings,
    ...{ uploadBytesPerSecond: 0, downloadBytesPerSecond: 5 },
  });
  assert.deepEqual([uploadLimit, downloadLimit], [undefined, 5]);
});
