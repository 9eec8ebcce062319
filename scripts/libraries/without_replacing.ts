/**
 * Changes to the behaviour of npm packages that use only public options, events, subclasses and
 * extensions.
 */

/** Description of one change to an npm package, in fragments of Markdown sentences. */
export interface Change {
  library: string;
  how: string;
  what: string;
}

/** All changes to npm packages that replace no member of the package. */
export const withoutReplacing: readonly Change[] = [
  {
    library: "k-rpc-socket",
    how: "subclass `QuerySocket`: `query`, `send`",
    what:
      "random transaction ids, time-outs without a timer at rest, our encoder, read-only queries",
  },
  {
    library: "k-rpc-socket",
    how: "option `timeout`",
    what: "its own look for overdue queries, twice a second, is put off",
  },
  {
    library: "k-rpc",
    how: "subclass `AnsweringNode`: `response`, `error`",
    what: "short answers and errors, or none",
  },
  {
    library: "k-rpc",
    how: "its listener of `query` is taken off",
    what: "the sender of a query is pinged before it enters the routing table",
  },
  {
    library: "bittorrent-dht",
    how: "subclass `QuietDht`: `announce`",
    what: "the manager announces, on its schedule",
  },
  {
    library: "webtorrent",
    how: "subclass `WakingClient`: `get`",
    what: "a peer's handshake wakes a torrent that is asleep",
  },
  {
    library: "webtorrent",
    how: "options `store`, `storeOpts`",
    what: "one file at a path that we choose; buffers come back once they are written",
  },
  {
    library: "webtorrent",
    how: "the listener's event `connection`",
    what: "each connection reads into one buffer; incoming connections are counted",
  },
  {
    library: "webtorrent",
    how: "property `blocked`",
    what: "no address of this host on this network is dialled",
  },
  {
    library: "ut_metadata",
    how: "an extension that the connection uses: `MetadataGuard`",
    what: "metadata are taken only whole and of the right infohash",
  },
  {
    library: "ut_pex",
    how:
      "an extension that the connection uses: `PexGuard`; its event `dropped` is not listened to",
    what: "long messages are refused, and no peer can have another forgotten",
  },
  {
    library: "bittorrent-protocol",
    how: "events `handshake`, `cancel`; `downloadSpeed` of each connection is wrapped",
    what:
      "messages wait for a torrent; requests leave the queue; a peer that has sent nothing yet " +
      "is asked for eight blocks",
  },
];
