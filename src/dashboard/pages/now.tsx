/**
 * The first page: problems, rates, reachability, disk and memory.
 *
 * @module
 */

import { useState } from "preact/hooks";
import type { HistoryJson, OverviewJson, ProblemJson, StatusJson } from "../../control/mod.ts";
import { type Api, useData, useLive, useSession, useStore } from "../data/mod.ts";
import {
  ActionButton,
  Card,
  Fact,
  Facts,
  Figure,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatShare,
  formatSpeed,
  Mark,
  Note,
  type PageProps,
  Waiting,
} from "../parts/mod.ts";
import { DayCard, LiveCard } from "./now_plots.tsx";

/** Pauses between reading the status and the history again (ms). */
const STATUS_MS = 5_000;
const HISTORY_MS = 60_000;
/** Number of hours of which the share of stored announcements is shown. */
const ANNOUNCE_HOURS = 6;

/** The first page. */
export function NowPage({ api }: PageProps) {
  const status = useData(api.status, "", { everyMs: STATUS_MS });
  const overview = useData(api.overview, "", { on: ["problems"], everyMs: HISTORY_MS });
  const history = useData(api.history, "", { everyMs: HISTORY_MS });
  return (
    <div class="cards">
      <Problems overview={overview.value} failure={overview.problem} />
      <Figures status={status.value} history={history.value} />
      <LiveCard />
      <Reachability overview={overview.value} failure={overview.problem} />
      <Machine status={status.value} overview={overview.value} api={api} />
      <DayCard history={history.value} problem={history.problem} />
    </div>
  );
}

function Problems({ overview, failure }: { overview?: OverviewJson; failure?: string }) {
  const [live, setLive] = useState<readonly ProblemJson[]>();
  useLive("problems", ({ problems }) => setLive(problems));
  const problems = live ?? overview?.problems;
  return (
    <Card title="Problems" wide>
      {problems === undefined
        ? <Waiting problem={failure} />
        : problems.length === 0
        ? <p>No problems.</p>
        : (
          <ul class="problems">
            {[...problems].sort(bySeverity).map(({ severity, about, text, advice }) => (
              <li key={`${about} ${text}`}>
                <Note tone={severity === "error" ? "bad" : "warn"}>
                  <Mark tone={severity === "error" ? "bad" : "warn"}>{severity}</Mark>{" "}
                  <b>{about}</b>: {text}
                  {advice !== undefined && <div class="advice">{advice}</div>}
                </Note>
              </li>
            ))}
          </ul>
        )}
    </Card>
  );
}

function bySeverity(a: ProblemJson, b: ProblemJson): number {
  return Number(a.severity !== "error") - Number(b.severity !== "error");
}

function Figures({ status, history }: { status?: StatusJson; history?: HistoryJson }) {
  const rates = useStore(useSession().rates);
  const rate = rates.at(-1);
  const announced = announcedIn(history, ANNOUNCE_HOURS);
  const uploaded = status && `${formatBytes(status.uploadedBytes)} in all`;
  const downloaded = status && `${formatBytes(status.downloadedBytes)} in all`;
  const packets = rate?.packetsInSpeed;
  return (
    <section class="figures" aria-label="Figures">
      <Figure
        name="Upload"
        value={rate ? formatSpeed(rate.uploadSpeed) : "–"}
        detail={uploaded}
      />
      <Figure
        name="Download"
        value={rate ? formatSpeed(rate.downloadSpeed) : "–"}
        detail={downloaded}
      />
      <Figure
        name="Peers"
        value={rate ? formatNumber(rate.peers) : "–"}
        detail={status && formatCount(status.peersKnown, "address", "addresses")}
      />
      <Figure
        name="DHT packets"
        value={packets === undefined || packets === null ? "–" : `${formatNumber(packets)}/s`}
        detail={status && formatCount(status.dhtNodes + (status.dht6?.nodes ?? 0), "node")}
      />
      <Figure
        name="DHT round trip"
        value={rate?.roundTripMs === undefined ? "–" : `${formatNumber(rate.roundTripMs)} ms`}
        detail="median"
      />
      <Figure
        name="Announced"
        value={announced === undefined ? "–" : formatShare(announced.stored, announced.all)}
        detail={announced && `${countOf(announced)} in ${ANNOUNCE_HOURS} h`}
      />
    </section>
  );
}

/** Announcements in words: `12 of 15`. */
function countOf({ stored, all }: { stored: number; all: number }): string {
  return all === 0 ? "none" : `${formatNumber(stored)} of ${formatNumber(all)}`;
}

/** Counts the announcements of the last hours, and those of them that were stored. */
function announcedIn(
  history: HistoryJson | undefined,
  hours: number,
): { all: number; stored: number } | undefined {
  if (history === undefined) return undefined;
  const steps = Math.ceil(hours * 3_600_000 / history.stepMs);
  const sum = (values: readonly (number | null)[]) =>
    values.slice(-steps).reduce<number>((total, value) => total + (value ?? 0), 0);
  return { all: sum(history.announced), stored: sum(history.announcedWell) };
}

const reachable = {
  yes: { tone: "good", text: "reachable" },
  no: { tone: "bad", text: "not reachable" },
  unknown: { tone: "plain", text: "not known yet" },
} as const;

function Reachability({ overview, failure }: { overview?: OverviewJson; failure?: string }) {
  if (overview === undefined) {
    return (
      <Card title="Reachability">
        <Waiting problem={failure} />
      </Card>
    );
  }
  const { reachability: { reachable: verdict, text, advice } } = overview;
  const mark = reachable[verdict];
  return (
    <Card title="Reachability">
      <p>
        <Mark tone={mark.tone}>{mark.text}</Mark>
      </p>
      <p>{sentence(text)}</p>
      {advice !== undefined && <p class="advice">{sentence(advice)}</p>}
    </Card>
  );
}

/** Begins with a capital and ends with a full stop. */
function sentence(text: string): string {
  const ended = /[.!?]$/.test(text) ? text : `${text}.`;
  return ended.slice(0, 1).toUpperCase() + ended.slice(1);
}

function Machine(
  { status, overview, api }: { status?: StatusJson; overview?: OverviewJson; api: Api },
) {
  const { clock } = useSession();
  const disk = overview?.disk;
  return (
    <Card title="Daemon" tall>
      <Facts>
        <Fact name="Disk">
          {disk && `${formatBytes(disk.usedBytes)} of ${formatBytes(disk.maxBytes)}`}
        </Fact>
        <Fact name="Free space">
          {disk && (disk.freeBytes === undefined ? "unknown" : formatBytes(disk.freeBytes))}
        </Fact>
        <Fact name="Memory">{status && formatBytes(status.memory.residentBytes)}</Fact>
        <Fact name="Packages">{status && formatNumber(status.packages)}</Fact>
        <Fact name="Announcements">
          {status && `${formatNumber(status.schedule.kept)} scheduled, ` +
              `${formatNumber(status.schedule.overdue)} overdue`}
        </Fact>
        <Fact name="Version">{status?.version}</Fact>
        <Fact name="Up for">{status && formatDuration(clock.now() - status.startedMs)}</Fact>
        <Fact name="Port">{status?.port}</Fact>
        <Fact name="Home" wide>{status && <code>{status.home}</code>}</Fact>
      </Facts>
      <div class="buttons">
        <ActionButton
          label="Announce all"
          run={async () => {
            const announced = await api.announce();
            const failed = announced.filter(({ error }) => error !== undefined).length;
            const stored = `${formatNumber(announced.length - failed)} announced`;
            return failed === 0 ? stored : `${stored}, ${formatNumber(failed)} failed`;
          }}
        />
        <ActionButton
          label="Stop the daemon"
          danger
          confirm="The daemon ends, and this page with it. Seeding stops until the daemon is started again."
          run={async () => {
            await api.stop();
            return "The daemon ends";
          }}
        />
      </div>
    </Card>
  );
}
