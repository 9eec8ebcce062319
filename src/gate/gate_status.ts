/**
 * The state of the gate's thread, as a status tells it.
 *
 * @module
 */

/** The deaths of the gate's thread, and whether there is a new one. */
export interface GateStatus {
  state: "running" | "dead";
  deaths: number;
  /** Time of the last death, Unix milliseconds, and its reason. */
  lastDeathMs: number;
  why: string;
}
