/**
 * Connections between peers of which neither can be dialled (hole punching, BEP 55).
 *
 * {@linkcode Introductions} watches the dials of each torrent. For a dial without an answer, it asks
 * the connected peers for an introduction, and it follows and makes introductions.
 * {@linkcode Relays} keeps connections between seeders that serve only for introductions.
 * `message.ts` is the format. The dials themselves go the usual way (`../dial`, `../transport`).
 *
 * Start with `holes.ts`.
 *
 * @module
 */

export { Introductions } from "./holes.ts";
export { knowsHoles, RELAY_MEMBER, type Relays } from "./relays.ts";
