/**
 * The HTTP page: listener, limits, metrics.
 *
 * @module
 */

export { type HttpPage, serveHttpPage } from "./page.ts";
