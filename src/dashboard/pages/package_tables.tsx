/**
 * Tables of the page of one package: peers, versions, and the holders of its records.
 *
 * @module
 */

import type {
  PackageJson,
  PeerJson,
  RecordJson,
  TorrentJson,
  VersionJson,
} from "../../control/mod.ts";
import { kindWords } from "../listing/mod.ts";
import {
  type Column,
  formatBytes,
  formatCount,
  formatShare,
  formatSpeed,
  Mark,
  Table,
} from "../parts/mod.ts";
import { Due, Foreign, ForeignLines, HolderCount, useLimited } from "../widgets/mod.ts";
import { addressOf } from "./addresses.ts";

const transports: Record<PeerJson["transport"], string> = {
  tcp: "TCP",
  utp: "uTP",
  "web-seed": "web seed",
};

/** The connected peers, the fastest first. */
export function PeersTable({ torrent }: { torrent: TorrentJson | undefined }) {
  const limited = useLimited(torrent?.peers ?? [], "peer");
  if (torrent === undefined) {
    return <p class="empty">The package is not seeded, so nobody can take it from here.</p>;
  }
  const { peersConnected, peers, pieces } = torrent;
  const columns: Column<PeerJson>[] = [
    { title: "Address", cell: ({ address, port }) => <code>{hostPort(address, port)}</code> },
    {
      title: "Client",
      cell: ({ client }) => client === undefined ? "–" : <Foreign text={client} />,
    },
    {
      title: "Connection",
      cell: ({ transport, encrypted, incoming }) =>
        [
          transports[transport] ?? transport,
          incoming ? "from it" : "from us",
          encrypted ? "encrypted" : "plain",
        ].join(", "),
    },
    { title: "Has", number: true, cell: (peer) => formatShare(peer.pieces, pieces) },
    { title: "Up", number: true, cell: ({ uploadSpeed }) => formatSpeed(uploadSpeed) },
    { title: "Down", number: true, cell: ({ downloadSpeed }) => formatSpeed(downloadSpeed) },
    { title: "Sent", number: true, cell: ({ uploadedBytes }) => formatBytes(uploadedBytes) },
    { title: "Got", number: true, cell: ({ downloadedBytes }) => formatBytes(downloadedBytes) },
  ];
  const hidden = peersConnected - peers.length;
  return (
    <div class="peers">
      <Table
        caption="Peers"
        columns={columns}
        rows={limited.rows}
        keyOf={({ address, port, transport }) => `${transport} ${address} ${port}`}
        empty="No peer is connected now: peers appear here while they take or give pieces."
      />
      {limited.more}
      {hidden > 0 && <p class="quiet">{formatCount(hidden, "slower peer")} not shown</p>}
    </div>
  );
}

/** Formats an address and a port; IPv6 addresses stand in brackets. */
function hostPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** All known versions, the newest first. */
export function VersionsTable(
  { versions, package: { name, version: shown, publisher } }: {
    versions: readonly VersionJson[];
    package: PackageJson;
  },
) {
  const limited = useLimited(versions, "version");
  const columns: Column<VersionJson>[] = [
    {
      title: "Version",
      cell: ({ version, seeding }) =>
        version === shown
          ? <b aria-current="true">{<Foreign text={version} />}</b>
          : seeding
          ? (
            <a href={addressOf({ name, version, publisher })}>
              <Foreign text={version} />
            </a>
          )
          : <Foreign text={version} />,
    },
    {
      title: "Size",
      number: true,
      cell: ({ lengthBytes }) => lengthBytes === undefined ? "–" : formatBytes(lengthBytes),
    },
    { title: "Here", cell: ({ seeding }) => seeding ? <Mark tone="good">seeding</Mark> : "no" },
    {
      title: "Tags",
      cell: ({ tags }) =>
        tags.length === 0
          ? "–"
          : tags.map((tag) => <Mark key={tag}>{<Foreign text={tag} />}</Mark>),
    },
    {
      title: "Flags",
      cell: ({ yanked, deprecated }) => (
        <>
          {yanked !== undefined && <Flag tone="bad" name="yanked" reason={yanked} />}
          {deprecated !== undefined && <Flag tone="warn" name="deprecated" reason={deprecated} />}
          {yanked === undefined && deprecated === undefined && "–"}
        </>
      ),
    },
  ];
  return (
    <>
      <Table
        caption="Versions"
        columns={columns}
        rows={limited.rows}
        keyOf={({ version }) => version}
        empty="The publisher's list is not stored here: follow the publisher to see its versions."
      />
      {limited.more}
    </>
  );
}

function Flag({ tone, name, reason }: { tone: "bad" | "warn"; name: string; reason: string }) {
  return (
    <div>
      <Mark tone={tone}>{name}</Mark> <ForeignLines text={reason} />
    </div>
  );
}

const recordColumns: Column<RecordJson>[] = [
  { title: "Record", cell: ({ kind }) => kindWords(kind) },
  { title: "Holders", cell: (record) => <HolderCount record={record} /> },
  { title: "Next", cell: ({ nextDueMs }) => <Due atMs={nextDueMs} /> },
  {
    title: "State",
    cell: ({ error, weak, lastAttemptMs }) =>
      error !== undefined
        ? (
          <>
            <Mark tone="bad">failed</Mark> <ForeignLines text={error} />
          </>
        )
        : lastAttemptMs === undefined
        ? "not announced yet"
        : weak
        ? <Mark tone="warn">weak</Mark>
        : <Mark tone="good">well held</Mark>,
  },
];

/** The records of the version, with their holders and when each is announced next. */
export function RecordsTable({ records }: { records: readonly RecordJson[] }) {
  return (
    <Table
      caption="Records"
      columns={recordColumns}
      rows={records}
      keyOf={({ kind, target }) => `${kind} ${target}`}
      empty={"This home announces no record of the version: libreseed announce puts the records " +
        "that are due."}
    />
  );
}
