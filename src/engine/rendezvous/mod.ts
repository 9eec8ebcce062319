/**
 * Rendezvous: takes the connections of peers that ask what this machine knows about a name or a
 * publisher, and asks other peers. The messages are those of `src/records/rendezvous.ts`.
 *
 * - `rendezvous_peers.ts` is the entry point, which the engine owns.
 * - `places.ts` has the infohashes at which this machine can be met.
 * - `answering.ts` takes the questions of peers that dialled us, within the limits of `limits.ts`.
 * - `asking.ts` asks one question of the peers of a rendezvous.
 * - `names_extension.ts` is the extension `lr_names` on one connection.
 * - `candidates.ts` chooses the peers that are dialled.
 *
 * No torrent stands behind a rendezvous: no metadata and no pieces. The engine knows no answer by
 * itself; each question goes to the command's thread.
 *
 * @module
 */

export type { RendezvousAsked } from "./asking.ts";
export { RendezvousPeers } from "./rendezvous_peers.ts";
