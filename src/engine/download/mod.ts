/**
 * Choosing pieces and judging peers while an archive is downloaded.
 *
 * @module
 */

export { DuplicateConnections } from "./duplicate_connections.ts";
export { SmartBan } from "./smart_ban.ts";
export { type PeerCounts, PeerReach } from "./peer_reach.ts";
export { PiecePicker } from "./piece_picker.ts";
