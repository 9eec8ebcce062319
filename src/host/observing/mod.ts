/**
 * Observation of the host, beyond its status: one package in detail, publishers, names, the DHT, the
 * log, the last day, and events as they happen. The HTTP API and the control socket serve it.
 *
 * @module
 */

export { History } from "./history.ts";
export { LogLines, recorded } from "./log_lines.ts";
export { Observations } from "./observations.ts";
