/**
 * What a status tells of the gate's thread.
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
