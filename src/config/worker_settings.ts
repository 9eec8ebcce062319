/**
 * The settings that the worker takes. The table marks them (`worker`); they keep their names and units.
 *
 * @module
 */

import { settingDefinitions, type Settings, type TableRow } from "./settings.ts";

/** The settings that the worker takes. */
export type WorkerSettings = Pick<Settings, Extract<TableRow, { worker: true }>["property"]>;

/** Picks the settings that the worker takes. */
export function workerSettings(settings: Settings): WorkerSettings {
  const taken = settingDefinitions.filter(({ worker }) => worker)
    .map(({ property }) => [property, settings[property]]);
  return Object.fromEntries(taken);
}
