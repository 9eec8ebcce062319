/**
 * The page that the daemon serves at `/`. It runs in the browser, and speaks with the daemon by the HTTP
 * API only.
 *
 * @module
 */

export {};
