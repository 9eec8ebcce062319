/**
 * Limits on outgoing connections to peers. Peer addresses come from strangers, who could otherwise
 * make us connect to any service on the internet.
 *
 * {@linkcode DialBudget} decides for each address whether it may be dialled now, must wait, or is
 * refused. It allows only ports that peers use, few ports of one address, no address that keeps
 * failing, and never ourselves. {@linkcode DialQueue} holds the dials that wait for another dial to
 * the same address to end. {@linkcode Handshakes} says with which form of handshake a peer is dialled,
 * encrypted or plain. {@linkcode Routes} says which peers the gate dials.
 *
 * WebTorrent opens the connections; `../libraries/webtorrent/dialling.ts` makes WebTorrent ask
 * these limits before each dial. Independently, the sandbox's permissions
 * (`src/launcher/engine_permissions.ts`) limit the addresses.
 *
 * Start with `dial_budget.ts`.
 *
 * @module
 */

export { DialBudget, type DialRefusal, isTestHost, mayDialOf } from "./dial_budget.ts";
export { DialQueue } from "./dial_queue.ts";
export { type EncryptionMode, type HandshakeForm, Handshakes } from "./handshakes.ts";
export { type DialGate, Routes } from "./routes.ts";
