/**
 * The page of the DHT: the routing tables by distance, and the traffic by kind of packet.
 *
 * @module
 */

import type { DhtFamilyJson, KindTrafficJson } from "../../control/mod.ts";
import { useData } from "../data/mod.ts";
import { type BucketRow, bucketRowsOf, prefixWords } from "../listing/mod.ts";
import {
  Card,
  type Column,
  Fact,
  Facts,
  formatNumber,
  formatShare,
  type PageProps,
  Table,
  Waiting,
} from "../parts/mod.ts";
import { Bar } from "../widgets/mod.ts";

/** Pause before the figures are read again (ms). */
const PAUSE_MS = 5_000;

/** The page of the DHT. */
export function DhtPage({ api }: PageProps) {
  const { value: dht, problem } = useData(api.dht, "", { everyMs: PAUSE_MS });
  if (dht === undefined) return <Waiting problem={problem} />;
  if (dht.families.length === 0) return <NoDht api={api} />;
  const { roundTripMs } = dht;
  return (
    <>
      <p>
        {roundTripMs === undefined
          ? "No node has answered yet."
          : `Half of the answers come within ${formatNumber(roundTripMs)} ms.`}
      </p>
      <div class="cards compact">
        {dht.families.map((family) => <Family key={family.family} family={family} />)}
      </div>
    </>
  );
}

/** Says why no DHT node runs. */
function NoDht({ api }: Pick<PageProps, "api">) {
  const { value: status, problem } = useData(api.status, "", { everyMs: PAUSE_MS });
  if (status === undefined) return <Waiting problem={problem} />;
  const { dht } = status;
  return (
    <p class="empty">
      {dht.state === "off" ? `The DHT does not run: ${dht.why}.` : "The DHT is starting."}
    </p>
  );
}

function Family(
  { family: { family, nodeId, nodes, buckets, traffic } }: { family: DhtFamilyJson },
) {
  const good = buckets.reduce((sum, bucket) => sum + bucket.good, 0);
  return (
    <Card title={`IPv${family}`}>
      <Facts>
        <Fact name="Our node id" wide>
          <code>{nodeId}</code>
        </Fact>
        <Fact name="Nodes">{formatNumber(nodes)} in the routing table</Fact>
        <Fact name="Good">
          {formatNumber(good)}
          {nodes > 0 && ` (${formatShare(good, nodes)})`}, which answered in the last 15 minutes
        </Fact>
      </Facts>
      <h3>Nodes by distance</h3>
      <p class="quiet">
        The more leading bits a node's id shares with ours, the closer it is. The coloured part of a
        bar is good.
      </p>
      <Buckets family={family} rows={bucketRowsOf(buckets)} />
      <h3>Packets by kind, since the start</h3>
      <p class="quiet legend">
        <i class="key down" /> received <i class="key up" /> sent
      </p>
      <TrafficTable family={family} traffic={traffic} />
    </Card>
  );
}

function Buckets({ family, rows }: { family: number; rows: readonly BucketRow[] }) {
  const most = Math.max(0, ...rows.map(({ nodes }) => nodes));
  const columns: Column<BucketRow>[] = [
    { title: "Shared bits", cell: (row) => prefixWords(row) },
    {
      title: "Good of all",
      number: true,
      cell: ({ good, nodes }) => nodes === 0 ? "–" : `${good} of ${nodes}`,
    },
    {
      title: "Nodes",
      cell: ({ good, nodes }) => (
        <Bar
          whole={most}
          parts={[{ value: good, class: "good" }, { value: nodes - good, class: "rest" }]}
        />
      ),
    },
  ];
  return (
    <Table
      caption={`Nodes of IPv${family} by distance`}
      columns={columns}
      rows={rows}
      keyOf={({ fromBits }) => `${fromBits}`}
      empty="No node is known yet: they come within a minute after the daemon reaches a bootstrap node."
    />
  );
}

function TrafficTable(
  { family, traffic }: { family: number; traffic: readonly KindTrafficJson[] },
) {
  const sumOf = ({ queriesIn, queriesOut, repliesIn, repliesOut }: KindTrafficJson) =>
    queriesIn + queriesOut + repliesIn + repliesOut;
  const most = Math.max(0, ...traffic.map(sumOf));
  const columns: Column<KindTrafficJson>[] = [
    { title: "Kind", cell: ({ kind }) => <code>{kind}</code> },
    { title: "Asked us", number: true, cell: (row) => formatNumber(row.queriesIn) },
    { title: "We replied", number: true, cell: (row) => formatNumber(row.repliesOut) },
    { title: "We asked", number: true, cell: (row) => formatNumber(row.queriesOut) },
    { title: "They replied", number: true, cell: (row) => formatNumber(row.repliesIn) },
    {
      title: "All",
      cell: (row) => (
        <Bar
          whole={most}
          parts={[
            { value: row.queriesIn + row.repliesIn, class: "down" },
            { value: row.queriesOut + row.repliesOut, class: "up" },
          ]}
        />
      ),
    },
  ];
  return (
    <Table
      caption={`Packets of IPv${family} by kind`}
      columns={columns}
      rows={traffic}
      keyOf={({ kind }) => kind}
      empty="No packet yet: the first ones are sent as soon as a bootstrap node is known."
    />
  );
}
