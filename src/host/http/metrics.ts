/**
 * Metrics of the daemon in Prometheus' text format. As Prometheus' naming conventions require,
 * names of metrics end in their unit, and names of counters end in `_total`.
 *
 * @module
 */

import type { DhtJson, RecordJson, StatusJson } from "../../control/mod.ts";
import { Counter, Gauge, Registry } from "./prometheus.ts";

/** Data about the host from which the metrics are computed. */
export interface MetricsSource {
  status: StatusJson;
  records: RecordJson[];
  /** The DHT nodes; absent for a host that does not tell them. */
  dht?: DhtJson;
  /** Total size of the files in the seed directory, bytes. */
  diskBytes: number;
  /** The setting `max-disk`, bytes. */
  maxDiskBytes: number;
  nowMs: number;
}

/** Renders the metrics in Prometheus' text format. */
export async function renderMetrics(source: MetricsSource): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, value: number) =>
    new Gauge({ name: `libreseed_${name}`, help, registers: [registry] }).set(value);
  const counter = (name: string, help: string, value: number) =>
    new Counter({ name: `libreseed_${name}_total`, help, registers: [registry] }).inc(value);

  const { status, records, diskBytes, maxDiskBytes, nowMs } = source;
  const { traffic, utp, manager, schedule, memory } = status;
  new Gauge({
    name: "libreseed_build_info",
    help: "Always 1; the labels say what runs",
    labelNames: ["version", "deno"],
    registers: [registry],
  }).set({ version: status.version, deno: Deno.version.deno }, 1);
  gauge("uptime_seconds", "Time since the start", (nowMs - status.startedMs) / 1_000);
  gauge("dht_up", "1 if the DHT node is there", status.dht.state === "on" ? 1 : 0);
  // The node answers for itself while no other node answers; `dht_up` alone would hide that.
  const isSilent = status.dht.state === "on" && status.dht.silent === true;
  gauge("dht_silent", "1 if the DHT node is there and no other node answers", isSilent ? 1 : 0);
  counter("gate_deaths", "Deaths of the gate's thread", status.gate?.deaths ?? 0);
  if (status.binding) {
    const isBound = status.binding.state === "bound";
    gauge("bound", "1 if the addresses that --bind demands can be used", isBound ? 1 : 0);
  }
  if (status.portMapping) {
    const isMapped = status.portMapping.mapping !== undefined;
    gauge("port_mapped", "1 if the home router has opened our port", isMapped ? 1 : 0);
  }
  if (status.pinhole) {
    const isOpen = status.pinhole.mapping !== undefined;
    gauge("pinhole_open", "1 if the home router lets our port in over IPv6", isOpen ? 1 : 0);
  }
  const { reachable, ipv4, ipv6, earlierIncoming = 0 } = status.reachability;
  if (reachable !== "unknown") {
    gauge(
      "reachable",
      "1 if a peer outside has connected, 0 if none can; absent while it is not known",
      reachable === "yes" ? 1 : 0,
    );
  }
  counter(
    "incoming_peers",
    "Connections from outside since the start",
    ipv4.incoming.connections + (ipv6?.incoming.connections ?? 0) + earlierIncoming,
  );
  if (status.lan) {
    const { length } = status.lan.neighbours;
    gauge("neighbours", "Peers of the local network that announced the same packages", length);
  }
  gauge("dht_nodes", "Nodes in the routing table", status.dhtNodes);
  if (status.dht6) {
    gauge("dht6_nodes", "Nodes in the routing table of IPv6", status.dht6.nodes);
    counter(
      "dht6_received_packets",
      "DHT packets received over IPv6",
      status.dht6.traffic.packetsIn,
    );
    counter("dht6_sent_packets", "DHT packets sent over IPv6", status.dht6.traffic.packetsOut);
  }
  if (traffic) {
    counter("dht_received_packets", "DHT packets received", traffic.packetsIn);
    counter("dht_received_bytes", "DHT payload received", traffic.bytesIn);
    counter("dht_sent_packets", "DHT packets sent", traffic.packetsOut);
    counter("dht_sent_bytes", "DHT payload sent", traffic.bytesOut);
    counter("dht_malformed_packets", "DHT packets that could not be read", traffic.malformed);
    counter("dht_unsent_packets", "DHT packets that could not be sent", traffic.unsent);
    counter("dht_limited_queries", "DHT queries that were too many", traffic.limited);
    counter("dht_unasked_answers", "DHT answers to no query of ours", traffic.unasked);
  }
  if (source.dht && source.dht.families.length > 0) {
    const packets = new Counter({
      name: "libreseed_dht_packets_total",
      help: "DHT packets by kind; a reply has the kind of its query",
      labelNames: ["family", "kind", "type", "direction"],
      registers: [registry],
    });
    for (const { family, traffic: rows } of source.dht.families) {
      for (const { kind, queriesIn, repliesOut, queriesOut, repliesIn } of rows) {
        const add = (type: string, direction: string, value: number) =>
          packets.inc({ family, kind, type, direction }, value);
        add("query", "in", queriesIn);
        add("query", "out", queriesOut);
        add("reply", "in", repliesIn);
        add("reply", "out", repliesOut);
      }
    }
  }
  if (utp) {
    counter("utp_received_packets", "uTP packets received", utp.packetsIn);
    counter("utp_received_bytes", "uTP headers and payload received", utp.bytesIn);
    counter("utp_sent_packets", "uTP packets sent", utp.packetsOut);
    counter("utp_sent_bytes", "uTP headers and payload sent", utp.bytesOut);
    counter("utp_accepted_connections", "uTP connections that peers began", utp.accepted);
    counter("utp_dialled_connections", "uTP connections that we began", utp.dialled);
    gauge("utp_kept_bytes", "Received bytes that wait to be read or for a gap", utp.keptBytes);
  }
  counter("dht_gets", "Records looked up", manager.gets);
  counter("dht_gets_answered", "Lookups that a node answered", manager.getsAnswered);
  counter("dht_puts", "Records put", manager.puts);
  counter("dht_puts_strong", "Puts after which enough nodes hold the record", manager.putsStrong);
  if (manager.roundTripMs !== undefined) {
    gauge("dht_round_trip_seconds", "Smoothed round trip of a query", manager.roundTripMs / 1_000);
  }
  // The success ratio is left out if no record was announced yet, since the ratio is then undefined.
  const tried = records.filter(({ lastAttemptMs }) => lastAttemptMs !== undefined);
  if (tried.length > 0) {
    gauge(
      "dht_announce_success_ratio",
      "Share of the records that were announced whose last announcement succeeded",
      1 - count(tried, isFailing) / tried.length,
    );
  }
  if (status.announcing) {
    const { budget, packets, unannounced } = status.announcing;
    gauge("announce_budget_packets", "Packets an hour in each DHT for announcements", budget);
    gauge("announce_expected_packets", "Expected packets of announcements in an hour", packets);
    gauge(
      "announce_unannounced_versions",
      "Seeded versions that other BitTorrent clients cannot find by their infohash now",
      unannounced,
    );
  }
  if (manager.peerSearches > 0) {
    gauge(
      "peer_discovery_success_ratio",
      "Share of searches for peers that found one",
      manager.peerSearchesFound / manager.peerSearches,
    );
  }
  counter("peers_found", "Peers that searches in the DHT found", manager.peersFound);
  gauge(
    "peers_known",
    "Peers whose address is known, from the DHT or from other peers",
    status.peersKnown,
  );
  gauge("peers_connected", "Peers that are connected", status.peersConnected);
  gauge("peers_connected_by_utp", "Peers that are connected by uTP", status.peersByUtp);
  gauge("records", "Records that are kept alive", records.length);
  gauge("records_failing", "Records whose last announcement failed", count(records, isFailing));
  gauge(
    "records_weak",
    "Records that were announced and that fewer nodes hold than min-nodes says",
    count(tried, ({ weak }) => weak),
  );
  gauge("announcements_overdue", "Records and torrents that are overdue", schedule.overdue);
  gauge("packages", "Packages that are seeded", status.packages);
  gauge("problems", "Archives in the seed directory that cannot be seeded", status.problems);
  gauge("disk_used_bytes", "Bytes of the files in the seed directory", diskBytes);
  gauge("disk_max_bytes", "Bytes that mirroring may make of it (max-disk)", maxDiskBytes);
  counter("uploaded_bytes", "Bytes sent to peers", status.uploadedBytes);
  counter("downloaded_bytes", "Bytes received", status.downloadedBytes);
  counter("web_seed_bytes", "Bytes received from web seeds", status.webSeedBytes);
  counter("reused_bytes", "Bytes that downloads copied from other archives", status.reusedBytes);
  gauge("upload_bytes_per_second", "Upload of all torrents", status.uploadSpeed);
  gauge("download_bytes_per_second", "Download of all torrents", status.downloadSpeed);
  gauge("resident_memory_bytes", "Resident memory of the process", memory.residentBytes);
  gauge("heap_bytes", "JavaScript heap of the command's thread", memory.heapBytes);
  return await registry.metrics();
}

function isFailing({ failures }: RecordJson): boolean {
  return failures > 0;
}

function count<T>(members: readonly T[], isIt: (member: T) => boolean): number {
  return members.filter(isIt).length;
}
