/**
 * The page of one version of a package: what it is, who takes it, who holds its records.
 *
 * @module
 */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { PackageDetailsJson, PackageFileJson, TorrentJson } from "../../control/mod.ts";
import { useData } from "../data/mod.ts";
import {
  ActionButton,
  Card,
  Fact,
  Facts,
  formatBytes,
  formatCount,
  formatNumber,
  formatShare,
  Mark,
  Note,
  type PageProps,
  Waiting,
} from "../parts/mod.ts";
import {
  Bar,
  CopyButton,
  Foreign,
  ForeignLines,
  type VirtualColumn,
  VirtualTable,
} from "../widgets/mod.ts";
import { PeersTable, RecordsTable, VersionsTable } from "./package_tables.tsx";

/** Pause before peers and speeds are read again (ms); longer for a package of many files. */
const pauseMsOf = (details?: PackageDetailsJson) =>
  (details?.files?.length ?? 0) > 1_000 ? 10_000 : 2_000;

/** The page of one version of a package. */
export function PackagePage({ api, params }: PageProps) {
  const { name = "", version = "", publisher } = params;
  const id = { name, version, publisher };
  const [pauseMs, setPause] = useState(pauseMsOf());
  const { value: details, problem } = useData(
    (signal) => api.package(id, signal),
    JSON.stringify(id),
    { on: ["packages", "records"], everyMs: pauseMs },
  );
  useEffect(() => setPause(pauseMsOf(details)), [details]);
  if (details === undefined) {
    return (
      <>
        <Waiting problem={problem} />
        <p>
          <a href="#/packages">All packages</a>
        </p>
      </>
    );
  }
  const { package: { magnet }, torrent, versions, records } = details;
  const remove = async () => {
    await api.remove(id);
    location.hash = "#/packages";
    return "Removed";
  };
  return (
    <div class="stack">
      {problem !== undefined && <Note tone="warn">{problem}</Note>}
      <div class="buttons">
        {magnet !== undefined && <CopyButton label="Copy the magnet link" text={magnet} />}
        <ActionButton
          label="Remove"
          danger
          run={remove}
          confirm={"This home stops seeding the package and deletes its archive. It can be " +
            "downloaded again only while others seed it."}
        />
      </div>
      <Summary details={details} />
      {torrent !== undefined && <Pieces torrent={torrent} />}
      <Card title="Peers">
        <PeersTable torrent={torrent} />
      </Card>
      <Card title="Who holds its records">
        <RecordsTable records={records} />
      </Card>
      <Card title="Versions">
        <VersionsTable versions={versions} package={details.package} />
      </Card>
      <Files files={details.files} count={details.fileCount} />
    </div>
  );
}

function Summary({ details }: { details: PackageDetailsJson }) {
  const { package: { problem, seeding, findable, ...entry }, description, license } = details;
  return (
    <Card title="About">
      {problem !== undefined && <Note tone="bad">{<ForeignLines text={problem} />}</Note>}
      {description !== undefined && (
        <p>
          <ForeignLines text={description} />
        </p>
      )}
      <Facts>
        <Fact name="State">
          {seeding
            ? <Mark tone="good">seeding</Mark>
            : <Mark tone={problem === undefined ? "plain" : "bad"}>not seeding</Mark>}{" "}
          {findable === false && <Mark tone="warn">other clients cannot find it</Mark>}
        </Fact>
        <Fact name="Size">{formatBytes(entry.lengthBytes)}</Fact>
        <Fact name="Uploaded">
          {entry.uploadedBytes === undefined ? undefined : formatBytes(entry.uploadedBytes)}
        </Fact>
        {license !== undefined && (
          <Fact name="Licence">
            <Foreign text={license} />
          </Fact>
        )}
        <Fact name="Publisher" wide>
          {entry.publisher === undefined ? undefined : <code>{entry.publisher}</code>}
        </Fact>
        <Fact name="Infohash" wide>
          {entry.infoHash === undefined ? undefined : <code>{entry.infoHash}</code>}
        </Fact>
        <Fact name="SHA-256" wide>
          {entry.sha256 === undefined ? undefined : <code>{entry.sha256}</code>}
        </Fact>
        <Fact name="Archive" wide>
          <code>
            <Foreign text={entry.path} />
          </code>
        </Fact>
        {entry.webSeeds !== undefined && (
          <Fact name="Web seeds">
            {entry.webSeeds.map((url) => (
              <div key={url}>
                <ForeignLines text={url} />
              </div>
            ))}
          </Fact>
        )}
      </Facts>
    </Card>
  );
}

function Pieces({ torrent: { pieces, piecesHeld, pieceBytes } }: { torrent: TorrentJson }) {
  return (
    <Card title="Pieces">
      <p>
        {formatNumber(piecesHeld)} of {formatCount(pieces, "piece")} verified,{" "}
        {formatBytes(pieceBytes)} each: {formatShare(piecesHeld, pieces)}
      </p>
      <Bar whole={pieces} parts={[{ value: piecesHeld, class: "good" }]} />
    </Card>
  );
}

const fileColumns: readonly VirtualColumn<PackageFileJson>[] = [
  {
    name: "path",
    title: "Path",
    cell: ({ path, executable }) => (
      <>
        <Foreign text={path} /> {executable && <Mark>executable</Mark>}
      </>
    ),
  },
  {
    name: "size",
    title: "Size",
    number: true,
    cell: ({ lengthBytes }) => lengthBytes === undefined ? "–" : formatBytes(lengthBytes),
  },
];

function Files({ files, count }: { files?: readonly PackageFileJson[]; count?: number }) {
  const bytes = useMemo(
    () => files?.reduce((sum, { lengthBytes }) => sum + (lengthBytes ?? NaN), 0) ?? NaN,
    [files],
  );
  if (files === undefined) {
    return (
      <Card title="Files">
        <p class="empty">The archive cannot be read; remove the package and download it again.</p>
      </Card>
    );
  }
  const missing = (count ?? files.length) - files.length;
  return (
    <Card title="Files">
      <p>
        {formatCount(count ?? files.length, "file")}
        {/* The lengths are unknown of an archive without a list that takes too long to read. */}
        {Number.isNaN(bytes) ? "" : `, ${formatBytes(bytes)} unpacked`}
        {missing > 0 && `; ${formatNumber(missing)} more are not shown`}
      </p>
      <VirtualTable
        caption="Files"
        class="files"
        columns={fileColumns}
        rows={files}
        keyOf={({ path }) => path}
      />
    </Card>
  );
}
