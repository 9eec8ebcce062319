/**
 * Extracts from the loaded settings those that the worker receives: the rows marked `worker` in the
 * table of settings. Names and units stay the same.
 *
 * @module
 */

import { settingDefinitions, type Settings, type TableRow } from "./settings.ts";

/** The settings that the worker receives: the rows marked `worker` in the table of settings. */
export type WorkerSettings = Pick<Settings, Extract<TableRow, { worker: true }>["property"]>;

/** Returns the settings that the worker receives, without all other settings. */
export function workerSettings(settings: Settings): WorkerSettings {
  const taken = settingDefinitions.filter(({ worker }) => worker)
    .map(({ property }) => [property, settings[property]]);
  return Object.fromEntries(taken);
}
