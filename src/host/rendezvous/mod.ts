/**
 * Answers the questions of peers that meet this machine at a rendezvous: the name entries and the records of
 * publishers that this home keeps, with the signatures of their publishers, and what it seeds.
 *
 * `answers.ts` reads the answers from `state.db`. The engine's thread takes the connections and limits the
 * questions (`src/engine/rendezvous`); it has no state, so it hands each question to the host. Which
 * rendezvous a home announces itself at is decided by `src/host/records`.
 *
 * @module
 */

export { RendezvousAnswers } from "./answers.ts";
