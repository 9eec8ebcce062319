/**
 * The types of a channel as the asking thread sees it, and the error by which a channel ended.
 *
 * @module
 */

import type { Ask, Kind, Packet, Tell } from "../gate_thread/mod.ts";
import { GateError } from "./errors.ts";

/** A message about an open channel, without the channel's id. */
export type Asking = Ask extends infer One ? One extends Ask ? Omit<One, "id"> : never : never;

/** The kind of a channel, and its address and port; `src/gate_thread/protocol.ts` has the kinds. */
export interface Target {
  kind: Kind;
  host: string;
  port: number;
}

/** The asking thread's end of a channel. */
export interface ClientChannel {
  /** Sends packets, whose buffers may be transferred. The caller keeps to the gate's credit. */
  send(packets: Packet[], transfer?: Transferable[]): void;
  /** Gives credit back to the gate. */
  credit(amount: number): void;
  /** Tells the gate that no more packets come. */
  end(): void;
  /** Closes the channel. No message comes afterwards. */
  close(): void;
}

/** Opens a channel. `onTell` receives the gate's messages about the channel. */
export type OpenChannel = (target: Target, onTell: (told: Tell) => void) => ClientChannel;

/** The error of the message `closed`, if the channel ended by one. */
export function errorOf({ error }: Tell & { tell: "closed" }): GateError | undefined {
  return error && new GateError(error.code, error.message);
}
