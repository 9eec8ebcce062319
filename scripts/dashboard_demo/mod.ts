/**
 * The demo of the dashboard: `demo.ts` starts the testnet and the homes, and keeps them busy;
 * `sources.ts` makes the packages.
 */

export { DashboardDemo, type DemoHome } from "./demo.ts";
