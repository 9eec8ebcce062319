/**
 * Choosing pieces and judging peers while an archive is downloaded.
 *
 * @module
 */

export { OneConnection } from "./one_connection.ts";
export { PeerJudge } from "./peer_judge.ts";
export { type PeerCounts, PeerReach } from "./peer_reach.ts";
export { PiecePicker } from "./piece_picker.ts";
