/**
 * Limits on dialling peers: which address and port may be dialled now, and which dials wait.
 *
 * @module
 */

export { DialBudget, type DialRefusal, isTestHost } from "./dial_budget.ts";
export { DialQueue } from "./dial_queue.ts";
