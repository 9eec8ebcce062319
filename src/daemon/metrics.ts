/**
 * The daemon's figures in Prometheus' text format. Names carry their units and counters end in
 * `_total`, as Prometheus' naming conventions ask.
 *
 * @module
 */

import { Counter, Gauge, Registry } from "prom-client";
import type { RecordJson, StatusJson } from "./operations.ts";

/** What one reading of the metrics is made from. */
export interface MetricsSource {
  status: StatusJson;
  records: RecordJson[];
  nowMs: number;
}

/** Writes the figures of `source` in Prometheus' text format. */
export async function renderMetrics(source: MetricsSource): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, value: number) =>
    new Gauge({ name: `libreseed_${name}`, help, registers: [registry] }).set(value);
  const counter = (name: string, help: string, value: number) =>
    new Counter({ name: `libreseed_${name}_total`, help, registers: [registry] }).inc(value);

  const { status, records, nowMs } = source;
  const { traffic, manager, schedule, memory } = status;
  gauge("uptime_seconds", "Time since the start", (nowMs - status.startedMs) / 1_000);
  gauge("dht_up", "1 if the DHT node is there", status.dht.state === "on" ? 1 : 0);
  gauge("dht_nodes", "Nodes in the routing table", status.dhtNodes);
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
  counter("dht_gets", "Records looked up", manager.gets);
  counter("dht_gets_answered", "Lookups that a node answered", manager.getsAnswered);
  counter("dht_puts", "Records put", manager.puts);
  counter("dht_puts_strong", "Puts after which enough nodes hold the record", manager.putsStrong);
  if (manager.roundTripMs !== undefined) {
    gauge("dht_round_trip_seconds", "Smoothed round trip of a query", manager.roundTripMs / 1_000);
  }
  gauge(
    "dht_announce_success_ratio",
    "Share of kept records whose last announcement succeeded",
    shareOf(
      records,
      ({ failures, lastSuccessMs }) => failures === 0 && lastSuccessMs !== undefined,
    ),
  );
  gauge(
    "peer_discovery_success_ratio",
    "Share of searches for peers that found one",
    manager.peerSearches === 0 ? 1 : manager.peerSearchesFound / manager.peerSearches,
  );
  gauge("records", "Records that are kept alive", records.length);
  gauge("announcements_overdue", "Records and torrents that are overdue", schedule.overdue);
  gauge("packages", "Packages that are seeded", status.packages);
  gauge("upload_bytes_per_second", "Upload of all torrents", status.uploadSpeed);
  gauge("download_bytes_per_second", "Download of all torrents", status.downloadSpeed);
  gauge("resident_memory_bytes", "Resident memory of the process", memory.residentBytes);
  gauge("heap_bytes", "JavaScript heap of the main thread", memory.heapBytes);
  return await registry.metrics();
}

function shareOf<T>(members: T[], good: (member: T) => boolean): number {
  return members.length === 0 ? 1 : members.filter(good).length / members.length;
}
