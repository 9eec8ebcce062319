/**
 * Local discovery (BEP 14) as the asking thread sees it: gives the gate the infohashes to announce,
 * and reads the announcements of neighbours. The gate has noted each neighbour's port before.
 *
 * @module
 */

import { type Clock, concatBytes, fromHex, type HostPort, type Timer } from "../base/mod.ts";
import { parseAnnouncement } from "./bep14.ts";
import { errorOf, type OpenChannel } from "./client_channel.ts";
import { GateError } from "./errors.ts";

/** A peer of the own network that announced a torrent by local discovery, or dials us. */
export interface HeardPeer {
  /** 40 hexadecimal digits, lower case. */
  infoHashHex: string;
  host: string;
  port: number;
  /** Whether the peer dials us by uTP now, and gets no answer. */
  isDialling?: true;
}

/** Local discovery of the peers of torrents. */
export interface LocalDiscovery {
  /**
   * Announces torrents. Peers of a torrent are reported for 15 minutes from its announcement.
   *
   * @param infoHashesHex infohashes of 20 bytes in hexadecimal
   * @returns how many infohashes were handed to the gate, and how many its credit has left out
   */
  announce(infoHashesHex: string[]): Promise<{ sent: number; skipped: number }>;
  /**
   * Has the gate find out whether uTP is spoken at an address of the own network. If it is, the address
   * is reported for the torrents that were announced last, at most eight of the last 10 s.
   */
  probe(address: HostPort): void;
  close(): void;
}

/** Maximum number of announcements under way to the gate, and of infohashes in each. */
const WINDOW_ANNOUNCEMENTS = 64;
const MAX_HASHES = 24;
/** Time during which neighbours of an announced torrent are reported (ms): three announcements. */
const INTEREST_MS = 15 * 60_000;
/**
 * The torrents for which a neighbour that dials us by uTP is reported: its ST_SYN names no torrent,
 * but a program dials soon after an announcement. They are the first `ofOne` torrents of each
 * announcement of the last `ms` milliseconds, because those that are due come first in it; `most`
 * of them together.
 */
const RECENT = { ms: 10_000, ofOne: 4, most: 8 };
/**
 * Pause before the same torrents are announced at the second port (ms). libtorrent dials up to a second
 * after an announcement, at the port of the last one.
 */
const LATER_MS = 2_000;
/** Maximum number of neighbours under way to the gate, to be probed. */
const WINDOW_PROBES = 64;
/** Maximum number of torrents whose neighbours are reported. The oldest is dropped. */
const MAX_INTERESTS = 65_536;

/** Begins local discovery; the parameters are those of `GateClient.discover`. */
export function startDiscovery(
  open: OpenChannel,
  clock: Clock,
  { port, isTcpOnly, laterPort }: { port: number; isTcpOnly: boolean; laterPort?: number },
  onPeers: (peers: HeardPeer[]) => void,
  onClosed: (error: GateError) => void,
): LocalDiscovery {
  /** Time when each torrent was announced last, by infohash in hexadecimal; the oldest first. */
  const interests = new Map<string, number>();
  /** The torrents that were announced last, the newest first. */
  let recent: { infoHashHex: string; atMs: number }[] = [];
  /** Timers of the announcements at the second port. */
  const waiting = new Set<Timer>();
  let credit = WINDOW_ANNOUNCEMENTS;
  let probeCredit = WINDOW_PROBES;
  let probes: ReturnType<OpenChannel> | undefined;
  let failure: GateError | undefined;
  const latest = () =>
    recent.filter(({ atMs }) => Math.abs(clock.now() - atMs) <= RECENT.ms)
      .map(({ infoHashHex }) => infoHashHex);
  const report = (
    host: string,
    port: number,
    infoHashesHex: Iterable<string>,
    dialling: Pick<HeardPeer, "isDialling"> = {},
  ) => {
    const nowMs = clock.now();
    const peers = [...new Set(infoHashesHex)]
      .filter((one) => nowMs - (interests.get(one) ?? -Infinity) <= INTEREST_MS)
      .map((infoHashHex) => ({ infoHashHex, host, port, ...dialling }));
    if (peers.length > 0) onPeers(peers);
  };
  const hear = (host: string, bytes: Uint8Array) => {
    const announcement = parseAnnouncement(bytes);
    if (announcement) report(host, announcement.port, announcement.infoHashesHex);
  };
  // The port refuses uTP before it is announced: the first ST_SYN, if lost, is repeated only after
  // seconds. If the UDP port is taken, neighbours that dial by uTP wait before they dial by TCP.
  const refusals = isTcpOnly
    ? open({ kind: "refuse", host: "", port }, (told) => {
      if (told.tell !== "packets") return;
      refusals!.credit(told.packets.length);
      // An ST_SYN does not say which torrent its sender has.
      const wanted = laterPort === undefined ? [...interests.keys()] : latest();
      for (const { host, port } of told.packets) report(host, port, wanted);
    })
    : undefined;
  const channel = open({ kind: "discover", host: "", port }, (told) => {
    if (told.tell === "credit") credit += told.amount;
    else if (told.tell === "packets") {
      channel.credit(told.packets.length);
      for (const { host, bytes } of told.packets) hear(host, bytes);
    } else if (told.tell === "closed") {
      failure = errorOf(told) ?? new GateError("ECANCELED", "Local discovery has ended");
      onClosed(failure);
    }
  });
  const openProbes = () => {
    const opened = open({ kind: "probe", host: "", port: 0 }, (told) => {
      if (told.tell === "credit") probeCredit += told.amount;
      else if (told.tell === "packets") {
        opened.credit(told.packets.length);
        for (const { host, port } of told.packets) {
          report(host, port, latest(), { isDialling: true });
        }
      } else if (told.tell === "closed") probes = undefined;
    });
    probeCredit = WINDOW_PROBES;
    return opened;
  };
  const noteInterest = (infoHashHex: string) => {
    interests.delete(infoHashHex);
    if (interests.size >= MAX_INTERESTS) interests.delete(interests.keys().next().value!);
    interests.set(infoHashHex, clock.now());
  };
  /** Hands announcements to the gate, as far as its credit goes. Returns the number of infohashes. */
  const send = (infoHashesHex: string[], port: number): number => {
    let sent = 0;
    for (; sent < infoHashesHex.length && credit > 0; credit--) {
      const some = infoHashesHex.slice(sent, sent + MAX_HASHES);
      const bytes = concatBytes(...some.map((infoHashHex) => fromHex(infoHashHex)!));
      channel.send([{ host: "", port, bytes }]);
      sent += some.length;
    }
    return sent;
  };
  return {
    // deno-lint-ignore require-await -- a failure rejects
    async announce(infoHashesHex) {
      if (failure) throw failure;
      for (const infoHashHex of infoHashesHex) noteInterest(infoHashHex);
      const atMs = clock.now();
      const newest = infoHashesHex.slice(0, RECENT.ofOne)
        .map((infoHashHex) => ({ infoHashHex, atMs }));
      recent = [...newest, ...recent].slice(0, RECENT.most);
      const sent = send(infoHashesHex, 0);
      if (laterPort !== undefined) {
        const timer = clock.after(LATER_MS, () => {
          waiting.delete(timer);
          if (!failure) send(infoHashesHex.slice(0, sent), laterPort);
        });
        waiting.add(timer);
      }
      return { sent, skipped: infoHashesHex.length - sent };
    },
    probe({ host, port }) {
      if (failure) return;
      probes ??= openProbes();
      if (probeCredit <= 0) return;
      probeCredit--;
      probes.send([{ host, port, bytes: Uint8Array.of(0) }]);
    },
    close() {
      failure ??= new GateError("ECANCELED", "Local discovery was closed");
      for (const timer of waiting) timer.cancel();
      channel.close();
      refusals?.close();
      probes?.close();
    },
  };
}
