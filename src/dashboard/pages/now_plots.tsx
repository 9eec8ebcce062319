/**
 * The plots of the first page: the last minutes, live, and the last day.
 *
 * @module
 */

import { useMemo } from "preact/hooks";
import type { HistoryJson } from "../../control/mod.ts";
import { useSession, useStore } from "../data/mod.ts";
import { Card, formatNumber, formatSpeed, Plot, Waiting } from "../parts/mod.ts";

const formatPackets = (value: number) => `${formatNumber(value)}/s`;

/** The rates of the last minutes. */
export function LiveCard() {
  const rates = useStore(useSession().rates);
  const { times, speeds, packets } = useMemo(() => {
    const line = (name: string, color: string, key: keyof typeof rates[number]) => ({
      name,
      color,
      values: rates.map((rate) => rate[key] as number | null),
    });
    return {
      times: rates.map(({ timeMs }) => timeMs / 1_000),
      speeds: [line("up", "--up", "uploadSpeed"), line("down", "--down", "downloadSpeed")],
      packets: [
        line("received", "--down", "packetsInSpeed"),
        line("sent", "--up", "packetsOutSpeed"),
      ],
    };
  }, [rates]);
  const last = rates.at(-1);
  return (
    <Card title="The last minutes" wide>
      <div class="plots">
        <div>
          <h3>Speed</h3>
          <Plot
            label={`Speeds of the last minutes. Now up ${formatSpeed(last?.uploadSpeed ?? 0)}, ` +
              `down ${formatSpeed(last?.downloadSpeed ?? 0)}.`}
            times={times}
            lines={speeds}
            format={formatSpeed}
            isBinary
            least={1_024}
          />
        </div>
        <div>
          <h3>DHT packets</h3>
          <Plot
            label="DHT packets a second of the last minutes."
            times={times}
            lines={packets}
            format={formatPackets}
            least={4}
          />
        </div>
      </div>
    </Card>
  );
}

/** The last day. */
export function DayCard({ history, problem }: { history?: HistoryJson; problem?: string }) {
  return (
    <Card title="The last day" wide>
      {history === undefined
        ? (
          <div class="plots-place">
            <Waiting problem={problem} />
          </div>
        )
        : history.uploadSpeed.length === 0
        ? <p class="empty">The first values come a minute after the daemon's start.</p>
        : <DayPlots history={history} />}
    </Card>
  );
}

function DayPlots({ history }: { history: HistoryJson }) {
  const { times, speeds, packets, peers, announced } = useMemo(() => {
    const { firstMs, stepMs } = history;
    const perSecond = (values: readonly (number | null)[]) =>
      values.map((value) => value === null ? null : value * 1_000 / stepMs);
    return {
      times: history.uploadSpeed.map((_, step) => (firstMs + step * stepMs) / 1_000),
      speeds: [
        { name: "up", color: "--up", values: history.uploadSpeed },
        { name: "down", color: "--down", values: history.downloadSpeed },
      ],
      packets: [
        { name: "received", color: "--down", values: perSecond(history.packetsIn) },
        { name: "sent", color: "--up", values: perSecond(history.packetsOut) },
      ],
      peers: [{ name: "peers", color: "--up", values: history.peers }],
      announced: [
        { name: "ended", color: "--down", values: history.announced },
        { name: "stored", color: "--up", values: history.announcedWell },
      ],
    };
  }, [history]);
  return (
    <div class="plots">
      <div>
        <h3>Speed</h3>
        <Plot
          label="Speeds of the last day, a mean each minute."
          times={times}
          lines={speeds}
          format={formatSpeed}
          isBinary
          leastSpan={600}
          least={1_024}
        />
      </div>
      <div>
        <h3>Peers</h3>
        <Plot
          label="Connected peers of the last day."
          times={times}
          lines={peers}
          format={formatNumber}
          leastSpan={600}
          least={4}
        />
      </div>
      <div>
        <h3>DHT packets</h3>
        <Plot
          label="DHT packets a second of the last day."
          times={times}
          lines={packets}
          format={formatPackets}
          leastSpan={600}
          least={4}
        />
      </div>
      <div>
        <h3>Announcements a minute</h3>
        <Plot
          label="Announcements a minute of the last day, and those that were stored."
          times={times}
          lines={announced}
          format={formatNumber}
          leastSpan={600}
          least={4}
        />
      </div>
    </div>
  );
}
