/**
 * The page of the daemon's log, live.
 *
 * @module
 */

import { useEffect, useRef, useState } from "preact/hooks";
import type { LogLineJson, LogLineLevel } from "../../control/mod.ts";
import { useSession } from "../data/mod.ts";
import { visibleText } from "../listing/mod.ts";
import { Card, formatCount, formatTime, type PageProps, Waiting } from "../parts/mod.ts";

/** Maximum number of lines that the page keeps; older ones are dropped. */
const MAX_LINES = 1_000;

/** Pause in which lines are gathered before they are drawn (ms). */
const DRAW_MS = 50;

/** The levels, the most severe first. */
const levels: readonly LogLineLevel[] = ["error", "warn", "info", "debug"];

/** The page of the log. */
export function LogPage({ api }: PageProps) {
  const { open, clock } = useSession();
  const [lines, setLines] = useState<readonly LogLineJson[]>();
  const [problem, setProblem] = useState<string>();
  const [level, setLevel] = useState<LogLineLevel>("debug");
  const [text, setText] = useState("");
  const [isPaused, setPaused] = useState(false);
  /** The lines that are shown while the page is paused. */
  const [frozen, setFrozen] = useState<readonly LogLineJson[]>();
  useEffect(() => {
    const stream = open(["log"]);
    const ended = new AbortController();
    let kept: readonly LogLineJson[] = [];
    let added: LogLineJson[] = [];
    let isDrawing = false;
    let cancel = () => {};
    const draw = () => {
      isDrawing = false;
      const bySeq = new Map([...kept, ...added].map((line) => [line.seq, line]));
      kept = [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-MAX_LINES);
      added = [];
      setLines(kept);
    };
    const add = (lines: readonly LogLineJson[]) => {
      added.push(...lines);
      // Lines that come at once are drawn together.
      if (!isDrawing) cancel = clock.after(DRAW_MS, draw);
      isDrawing = true;
    };
    const read = async () => {
      try {
        add((await api.logs(ended.signal)).lines);
        setProblem(undefined);
      } catch (error) {
        if (!ended.signal.aborted) setProblem((error as Error).message);
      }
    };
    const unsubscribes = [
      stream.on("log", ({ line }) => add([line])),
      stream.opened.subscribe(() => {
        // A daemon that has started again counts its lines from 1.
        kept = [];
        added = [];
        void read();
      }),
      stream.start(),
    ];
    return () => {
      ended.abort();
      cancel();
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
  }, [api, open, clock]);
  const all = frozen ?? lines;
  const wanted = text.trim().toLowerCase();
  const shown = all?.filter((line) =>
    levels.indexOf(line.level) <= levels.indexOf(level) &&
    (wanted === "" || line.message.toLowerCase().includes(wanted))
  );
  return (
    <Card
      title="Log of the daemon"
      wide
      actions={
        <button
          type="button"
          aria-pressed={isPaused}
          onClick={() => {
            setFrozen(isPaused ? undefined : lines);
            setPaused(!isPaused);
          }}
        >
          {isPaused ? "Go on" : "Pause"}
        </button>
      }
    >
      <div class="filters">
        <label>
          Level{" "}
          <select
            value={level}
            onChange={({ currentTarget }) => setLevel(currentTarget.value as LogLineLevel)}
          >
            {[...levels].reverse().map((name) => (
              <option key={name} value={name}>
                {name === "debug" ? "all" : name === "error" ? "error" : `${name} and worse`}
              </option>
            ))}
          </select>
        </label>
        <label>
          Text{" "}
          <input
            type="search"
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <span class="quiet">
          {shown === undefined ? "" : `${formatCount(shown.length, "line")} shown`}
        </span>
      </div>
      {shown === undefined ? <Waiting problem={problem} /> : (
        <Lines
          lines={shown}
          empty={all?.length === 0 ? "The log has no lines yet" : "No line matches"}
        />
      )}
    </Card>
  );
}

/** The lines in a box that stays at its end, unless the user has scrolled up. */
function Lines({ lines, empty }: { lines: readonly LogLineJson[]; empty: string }) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current) box.current!.scrollTop = box.current!.scrollHeight;
  }, [lines]);
  return (
    <div
      class="log"
      ref={box}
      // The keyboard scrolls what has the focus.
      tabIndex={0}
      role="region"
      aria-label="Lines of the log"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollTop + clientHeight > scrollHeight - 20;
      }}
    >
      {lines.length === 0 ? <p class="empty">{empty}</p> : (
        <ol>
          {lines.map(({ seq, timeMs, level, message }) => (
            <li key={seq} class={level}>
              <time dateTime={new Date(timeMs).toISOString()}>{formatTime(timeMs)}</time>{" "}
              <b>{level}</b> <span>{visibleText(message)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
